/* Facts of the SQL: every statement on a tenant's table names the tenant. */
#include "facts.h"

#include <sqlite3.h>
#include <stdio.h>

#include "store/migrate.h"
#include "store/statement.h"

static sqlite3 *database;

/* Those that the operator's command alone reaches, and what makes them so. */
static const struct { const char *name, *why; } across[] = {
	{ "account_advance_all", "metrics and plans are every tenant's" },
	{ "care_count_events", "a backup is verified against the whole database" },
	{ "jobs_due", "the runner of jobs finds those that are due, whosever they are" },
	{ "jobs_due_by_clock", "the same of tenants with clocks of their own" },
	{ "jobs_told", "the operator lists the jobs" },
	{ "move_tenants", "both databases are compared whole" },
	{ "move_tenants_made", "the same" },
	{ "outbox_latest", "the operator lists all messages" },
	{ "outbox_tenants", "the operator names a message by its number" },
	{ "proof_next_tenant", "check proves one tenant after the other" },
	{ "tenant_list", "the operator lists all tenants; its join names each one's own" },
	{ "tenant_next", "a new tenant's number" },
	{ "tenant_outside_utc", "an upgrade counts the usage of each such tenant anew" },
};

static int is_across(const char *name)
{
	for (size_t i = 0; i < sizeof across / sizeof *across; i++)
		if (!strcmp(across[i].name, name))
			return 1;
	return 0;
}

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;
	for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
		n++;
	return n;
}

/* How often a statement reads or writes the table, by FROM, JOIN, INTO and UPDATE. */
static unsigned uses(const char *sql, const char *table)
{
	static const char *const lead[] = { "FROM ", "JOIN ", "INTO ", "UPDATE " };
	char text[128];
	unsigned n = 0;
	for (size_t i = 0; i < sizeof lead / sizeof *lead; i++) {
		snprintf(text, sizeof text, "%s%s ", lead[i], table);
		n += count(sql, text);
	}
	return n;
}

static int next_table(sqlite3_stmt *tables, const char **name)
{
	if (sqlite3_step(tables) != SQLITE_ROW)
		return 0;
	*name = (const char *)sqlite3_column_text(tables, 0);
	return 1;
}

static sqlite3_stmt *tenants_tables(void)
{
	sqlite3_stmt *s;
	assert_int_equal(sqlite3_prepare_v2(database,
		"SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id'"
		" AND m.name <> 'tenants' ORDER BY 1", -1, &s, NULL), SQLITE_OK);
	return s;
}

/* The statement's mentions of the tenant: a comparison with it, or an inserted column. */
static unsigned names_tenant(const char *sql)
{
	return count(sql, "tenant_id = ?") + count(sql, "tenant_id = $") + count(sql, "tenant_id = k.tenant_id") + count(sql, "tenant_id = t.tenant_id") +
	       count(sql, "(tenant_id, ");
}

static void check_dialect(const char *name, const char *sql)
{
	sqlite3_stmt *tables = tenants_tables();
	const char *table;
	unsigned used = 0;
	while (next_table(tables, &table))
		used += uses(sql, table);
	sqlite3_finalize(tables);
	if (used > names_tenant(sql) && !is_across(name))
		fail_msg("%s uses tenants' tables %u times and names the tenant %u times", name, used, names_tenant(sql));
}

static void every_statement_names_the_tenant(void **state)
{
	(void)state;
	for (unsigned i = 0; statements[i]; i++)
		for (unsigned d = 0; d < DIALECT__MAX; d++)
			if (statements[i]->text[d])
				check_dialect(statements[i]->name, statements[i]->text[d]);
}

static void the_check_finds_a_statement_without_its_tenant(void **state)
{
	(void)state;
	assert_true(uses("SELECT 1 FROM usage_events WHERE metric = ?1", "usage_events") > 0);
	assert_int_equal(names_tenant("SELECT 1 FROM usage_events WHERE metric = ?1"), 0);
	assert_int_equal(uses("DELETE FROM usage_days WHERE tenant_id = ?1", "usage_hours"), 0);
}

static void every_statement_can_be_prepared_and_is_known_to_write_or_not(void **state)
{
	(void)state;
	for (unsigned i = 0; statements[i]; i++) {
		sqlite3_stmt *s;
		if (!statements[i]->text[SQLITE])
			continue;
		if (sqlite3_prepare_v2(database, statements[i]->text[SQLITE], -1, &s, NULL) != SQLITE_OK)
			fail_msg("%s: %s", statements[i]->name, sqlite3_errmsg(database));
		assert_int_equal(sqlite3_bind_parameter_count(s), (int)statements[i]->values);
		if (!sqlite3_stmt_readonly(s) != statements[i]->writes)
			fail_msg("%s: does it write?", statements[i]->name);
		sqlite3_finalize(s);
	}
}

static void no_statement_reads_a_whole_history(void **state)
{
	static const char *const history[] = {
		"usage_events", "usage_hours", "usage_days", "usage_balances", "usage_keys", "usage_samples", "usage_values",
		"usage_window_values", "usage_moments", "usage_levels",
	};
	(void)state;
	for (unsigned i = 0; statements[i]; i++) {
		char sql[8192];
		sqlite3_stmt *plan;
		if (!statements[i]->text[SQLITE])
			continue;
		snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", statements[i]->text[SQLITE]);
		assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW)
			for (size_t t = 0; t < sizeof history / sizeof *history; t++) {
				char scan[64];
				snprintf(scan, sizeof scan, "SCAN %s", history[t]);
				if (strstr((const char *)sqlite3_column_text(plan, 3), scan) && !is_across(statements[i]->name))
					fail_msg("%s: %s", statements[i]->name, sqlite3_column_text(plan, 3));
			}
		sqlite3_finalize(plan);
	}
}

static void every_tenants_table_leads_its_key_with_the_tenant(void **state)
{
	sqlite3_stmt *tables = tenants_tables(), *column;
	const char *table;
	unsigned seen = 0;
	(void)state;
	for (; next_table(tables, &table); seen++) {
		assert_int_equal(sqlite3_prepare_v2(database, "SELECT name FROM pragma_table_info(?1) WHERE pk = 1", -1, &column, NULL),
		                 SQLITE_OK);
		sqlite3_bind_text(column, 1, table, -1, SQLITE_STATIC);
		assert_int_equal(sqlite3_step(column), SQLITE_ROW);
		assert_string_equal((const char *)sqlite3_column_text(column, 0), "tenant_id");
		sqlite3_finalize(column);
	}
	sqlite3_finalize(tables);
	assert_true(seen >= 9);
}

static void statements_stay_in_the_shared_subset(void **state)
{
	static const char *const foreign[] = { "::", "IFNULL(", "strftime(", "date(", "INSERT OR ", "REPLACE INTO", " GLOB ", "total(", "rowid" };
	(void)state;
	for (unsigned i = 0; statements[i]; i++)
		for (size_t f = 0; f < sizeof foreign / sizeof *foreign; f++)
			if (statements[i]->text[POSTGRES] && strstr(statements[i]->text[POSTGRES], foreign[f]))
				fail_msg("%s holds %s", statements[i]->name, foreign[f]);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(every_statement_names_the_tenant),
		FACT(the_check_finds_a_statement_without_its_tenant),
		FACT(every_statement_can_be_prepared_and_is_known_to_write_or_not),
		FACT(no_statement_reads_a_whole_history),
		FACT(every_tenants_table_leads_its_key_with_the_tenant),
		FACT(statements_stay_in_the_shared_subset),
	};
	if (sqlite3_open(":memory:", &database) != SQLITE_OK)
		return 1;
	for (const struct migration *m = migrations; m->name; m++)
		if (sqlite3_exec(database, m->sql[SQLITE], NULL, NULL, NULL) != SQLITE_OK)
			return 1;
	int failed = cmocka_run_group_tests(facts, NULL, NULL);
	sqlite3_close(database);
	return failed;
}
