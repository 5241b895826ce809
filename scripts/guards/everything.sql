-- A line for everything that stands in the schema.
SELECT 'column ' || concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attacl)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = %(schema)s::text::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
AND a.attnum > 0 AND NOT a.attisdropped

UNION ALL
SELECT 'relation ' || concat_ws(' ', relname, relkind, relacl, reloptions, relrowsecurity, relforcerowsecurity)
FROM pg_class WHERE relnamespace = %(schema)s::text::regnamespace

UNION ALL
SELECT 'constraint ' || concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = %(schema)s::text::regnamespace

UNION ALL
SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = %(schema)s::text

UNION ALL
SELECT 'policy ' || concat_ws(' ', tablename, policyname, permissive, roles, cmd, qual, with_check)
FROM pg_policies WHERE schemaname = %(schema)s::text

UNION ALL
SELECT 'function ' || concat_ws(' ', pg_get_functiondef(oid), proacl)
FROM pg_proc WHERE pronamespace = %(schema)s::text::regnamespace AND prokind IN ('f', 'p')

UNION ALL
SELECT 'view ' || viewname || ' ' || definition FROM pg_views WHERE schemaname = %(schema)s::text

UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(g.oid) FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid
WHERE c.relnamespace = %(schema)s::text::regnamespace AND NOT g.tgisinternal

UNION ALL
SELECT 'type ' || concat_ws(' ', t.typname, (
    SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid
))
FROM pg_type AS t WHERE t.typnamespace = %(schema)s::text::regnamespace AND t.typtype IN ('e', 'd')
