-- A line for everything that breaks a rule in the schema; `t` is every table there but Alembic's own.
WITH t AS (
    SELECT * FROM pg_class
    WHERE relnamespace = %(schema)s::text::regnamespace AND relkind IN ('r', 'p') AND relname <> %(version_table)s::text
),
lead AS (
    SELECT attrelid, attnum FROM pg_attribute
    WHERE attname = 'tenant' AND atttypid = 'uuid'::regtype AND attnotnull
),
policies AS (
    SELECT p.*, t.relname,
        coalesce(pg_get_expr(p.polqual, t.oid), '') AS reading,
        coalesce(pg_get_expr(p.polwithcheck, t.oid), '') AS writing
    FROM pg_policy AS p JOIN t ON t.oid = p.polrelid
)

SELECT 'the schema ' || %(schema)s::text || ' has no table' WHERE NOT EXISTS (SELECT FROM t)

UNION ALL
SELECT relname || ' has no column tenant uuid NOT NULL' FROM t
WHERE NOT EXISTS (SELECT FROM lead WHERE lead.attrelid = t.oid)

UNION ALL
SELECT relname || ' has no primary key' FROM t
WHERE NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = t.oid AND k.contype = 'p')

UNION ALL
SELECT i.indexrelid::regclass || ' of ' || t.relname || ' doesn''t begin with the tenant'
FROM t JOIN pg_index AS i ON i.indrelid = t.oid LEFT JOIN lead ON lead.attrelid = t.oid
WHERE i.indkey[0] IS DISTINCT FROM lead.attnum

UNION ALL
SELECT k.conname || ' of ' || t.relname || ' doesn''t lead from tenant to tenant'
FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'f'
LEFT JOIN lead ON lead.attrelid = t.oid
LEFT JOIN lead AS target ON target.attrelid = k.confrelid
WHERE k.conkey[1] IS DISTINCT FROM lead.attnum OR k.confkey[1] IS DISTINCT FROM target.attnum

UNION ALL
SELECT k.conname || ' of ' || t.relname || ' sets the tenant to null'
FROM t JOIN pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'f' AND k.confdeltype IN ('n', 'd')

UNION ALL
SELECT relname || ' has no row level security that is enabled and forced' FROM t
WHERE NOT (relrowsecurity AND relforcerowsecurity)

UNION ALL
SELECT relname || ' has no policy that compares the tenant for reading and writing' FROM t
WHERE NOT EXISTS (
    SELECT FROM policies AS p
    WHERE p.polrelid = t.oid AND p.polcmd = '*' AND p.polpermissive
    AND p.reading LIKE '%%tenant = %%maildock.tenant%%' AND p.writing LIKE '%%tenant = %%maildock.tenant%%'
)

UNION ALL
SELECT polname || ' of ' || relname || ' opens the table to more than the sweep''s reading' FROM policies
WHERE (reading NOT LIKE '%%maildock.tenant%%' AND (reading <> '' OR writing = '')
    OR writing NOT LIKE '%%maildock.tenant%%' AND writing <> '')
AND NOT (polcmd = 'r' AND polroles = ARRAY['maildock_sweep'::regrole::oid])

UNION ALL
SELECT g.tgname || ' of ' || t.relname || ' is a trigger'
FROM t JOIN pg_trigger AS g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal

UNION ALL
SELECT relname || ' is a sequence' FROM pg_class
WHERE relnamespace = %(schema)s::text::regnamespace AND relkind = 'S'

UNION ALL
SELECT relname || ' is a view without security_invoker' FROM pg_class
WHERE relnamespace = %(schema)s::text::regnamespace AND relkind IN ('v', 'm')
AND NOT coalesce(reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)

UNION ALL
SELECT relname || ' lets the sweep do more than read columns' FROM t
WHERE has_table_privilege('maildock_sweep', t.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
OR has_any_column_privilege('maildock_sweep', t.oid, 'INSERT, UPDATE')

UNION ALL
SELECT relname || ' belongs to a role that serves' FROM t
WHERE relowner IN ('maildock_app'::regrole, 'maildock_sweep'::regrole)

UNION ALL
SELECT rolname || ' gets around row level security' FROM pg_roles
WHERE rolname IN ('maildock_app', 'maildock_sweep') AND (rolsuper OR rolbypassrls OR rolcreaterole)
