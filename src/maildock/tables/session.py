"""Transactions: of one tenant, or of the sweep, which only looks.

Every statement on a tenant table names its tenant as `%(tenant)s`; the session supplies the value and refuses a
statement without it. Row level security enforces the same a second time.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, LiteralString, Self, TypeVar
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import class_row, tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from maildock.domain.errors import OutageError

PING_SECONDS = 5.0
# After an outage the pool would wait as long again as it has lasted before it connects, up to minutes. So it gives up
# soon, and each asking has it connect anew.
_RECONNECT_SECONDS = 1.0
_ASKS, _ASK_SECONDS = 4, 2.5
# Left alone, the kernel would wait two hours for an answer from a machine that has lost its power.
_SILENCE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}

# Beside what is "operational": a process that slept inside a transaction, and a server that has become a standby.
_AWAY = (
    psycopg.OperationalError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,
)

Params = Mapping[str, object]
Row = TypeVar("Row")


class DatabaseAway(OutageError):
    """The database does not answer."""


class _Session:
    """Statements inside one open transaction."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._waiting: list[tuple[LiteralString, Params]] = []

    def _complete(self, statement: LiteralString, params: Params | None) -> Params:  # noqa: ARG002 - tenants need it
        return {} if params is None else params

    async def later(self, statement: LiteralString, params: Params | None = None) -> None:
        """Run a statement whose outcome nobody asks for, in one round trip with the next one or with the commit."""
        self._waiting.append((statement, self._complete(statement, params)))

    async def _run(
        self, statement: LiteralString, params: Params | None, cursor: psycopg.AsyncCursor[Any]
    ) -> psycopg.AsyncCursor[Any]:
        if not self._waiting:
            return await cursor.execute(statement, params)
        waiting, self._waiting = self._waiting, []
        async with self._connection.pipeline():
            for earlier in waiting:
                await self._connection.execute(*earlier)
            return await cursor.execute(statement, params)

    async def commit(self) -> None:
        """End the transaction, once what was put off has run."""
        await self._run("COMMIT", None, self._connection.cursor())

    async def execute(self, statement: LiteralString, params: Params | None = None) -> int:
        """Run a statement and give the number of rows it touched."""
        cursor = await self._run(statement, self._complete(statement, params), self._connection.cursor())
        return cursor.rowcount

    async def all(self, row: type[Row], statement: LiteralString, params: Params | None = None) -> list[Row]:
        """Give every row as the dataclass `row`; its fields are the columns by name."""
        async with self._connection.cursor(row_factory=class_row(row)) as cursor:
            await self._run(statement, self._complete(statement, params), cursor)
            return await cursor.fetchall()

    async def one(self, row: type[Row], statement: LiteralString, params: Params | None = None) -> Row | None:
        """Give the first row as the dataclass `row`, or `None`."""
        rows = await self.all(row, statement, params)
        return rows[0] if rows else None

    async def values(self, statement: LiteralString, params: Params | None = None) -> list[tuple[Any, ...]]:
        """Give every row as a tuple."""
        async with self._connection.cursor(row_factory=tuple_row) as cursor:
            await self._run(statement, self._complete(statement, params), cursor)
            return await cursor.fetchall()

    async def value(self, statement: LiteralString, params: Params | None = None) -> Any:
        """Give the first column of the first row, `None` without a row."""
        rows = await self.values(statement, params)
        return rows[0][0] if rows else None


class TenantSession(_Session):
    """A transaction that sees and writes one tenant's rows only."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], tenant: UUID) -> None:
        super().__init__(connection)
        self.tenant = tenant

    def _complete(self, statement: LiteralString, params: Params | None) -> Params:
        if "%(tenant)s" not in statement:
            raise AssertionError(f"a statement on tenant tables must name its tenant: {statement[:80]}")
        return {**(params or {}), "tenant": self.tenant}


class SweepSession(_Session):
    """A read-only transaction over the few columns of all tenants that tell where work is due."""


AnySession = TypeVar("AnySession", bound=_Session)


class Database:
    """Connection pools of the two unprivileged roles, opened by `async with`."""

    def __init__(self, app_dsn: str, sweep_dsn: str, max_connections: int = 16) -> None:
        self.app_dsn = _noticing(app_dsn)
        self._app = _pool(self.app_dsn, max_connections)
        # Looks come seconds apart: preparing them gains nothing, and the server would have to be told to forget them.
        self._sweep = _pool(_noticing(sweep_dsn), 2, prepare_after=None)

    async def __aenter__(self) -> Self:
        await self._app.open()
        await self._sweep.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sweep.close()
        await self._app.close()

    @asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[TenantSession]:
        """Open a transaction of `tenant`; commits at the end, rolls back on an error.

        Raises `DatabaseAway` when the server does not answer or goes away on the way: then it is not known whether
        a commit has happened, so whoever repeats must find out by the keys.
        """
        # In one message: a round trip less for each transaction.
        begin = f"BEGIN; SELECT maildock_enter('{tenant}')".encode()
        async with _translated(), _transaction(self._app, begin, lambda on: TenantSession(on, tenant)) as session:
            yield session

    @asynccontextmanager
    async def sweep(self) -> AsyncIterator[SweepSession]:
        """Open a read-only look over all tenants."""
        async with _translated(), _transaction(self._sweep, b"BEGIN READ ONLY", SweepSession) as session:
            yield session

    async def ping(self) -> None:
        """Raise `DatabaseAway` unless the server answers within a few seconds."""
        async with _translated(), asyncio.timeout(PING_SECONDS), _transaction(self._app, b"BEGIN READ ONLY", _Session):
            pass


Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


def _noticing(dsn: str) -> str:
    """Have a connection notice within half a minute that the machine is gone, unless the DSN says otherwise."""
    return make_conninfo("", **{**_SILENCE, **conninfo_to_dict(dsn)})


def _pool(dsn: str, size: int, prepare_after: int | None = 5) -> Pool:
    return AsyncConnectionPool(
        dsn,
        min_size=1,
        max_size=size,
        timeout=_ASK_SECONDS,
        reconnect_timeout=_RECONNECT_SECONDS,
        open=False,
        kwargs={"autocommit": True, "connect_timeout": 10, "prepare_threshold": prepare_after},
    )


@asynccontextmanager
async def _transaction(
    pool: Pool, begin: bytes, make: Callable[[psycopg.AsyncConnection[Any]], AnySession]
) -> AsyncIterator[AnySession]:
    connection = await _begin(pool, begin)
    try:
        try:
            session = make(connection)
            yield session
            await session.commit()
        except BaseException:
            if not connection.closed:
                await connection.rollback()
            raise
    finally:
        await pool.putconn(connection)


async def _begin(pool: Pool, begin: bytes) -> psycopg.AsyncConnection[Any]:
    """Take a connection that works. One from before a restart of the server doesn't; asking each first costs more."""
    for _ in range(pool.max_size):
        connection = await _taken(pool)
        try:
            await connection.execute(begin)
        except psycopg.OperationalError:
            await pool.putconn(connection)
        except BaseException:
            await pool.putconn(connection)
            raise
        else:
            return connection
    raise DatabaseAway("the database does not answer; is it running?")


async def _taken(pool: Pool) -> psycopg.AsyncConnection[Any]:
    for _ in range(_ASKS - 1):
        with contextlib.suppress(PoolTimeout):
            return await pool.getconn()
    return await pool.getconn()


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (PoolTimeout, TimeoutError) as problem:
        raise DatabaseAway("the database does not answer; is it running?") from problem
    except _AWAY as problem:
        raise DatabaseAway(f"the database failed: {type(problem).__name__}") from problem
