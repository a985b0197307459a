/* Facts of scopes: what "*" stands for, and what may not be given. */
#include "facts.h"

#include "account/scope.h"

static const scopes READ = SCOPE_BIT(SCOPE_USAGE_READ), WRITE = SCOPE_BIT(SCOPE_USAGE_WRITE);
static const scopes LATER = SCOPE_BIT(SCOPE__MAX); /* one that a later program may have */

static void a_star_is_what_the_giver_may_give_of_a_tenants(void **state)
{
	scopes set;
	(void)state;
	assert_int_equal(scopes_grant(&set, "*", ~(scopes)0), ST_OK);
	assert_true(set == SCOPES_OF_TENANT);
	assert_int_equal(scopes_grant(&set, "*", READ | LATER), ST_OK);
	assert_true(set == READ);
	assert_int_equal(scopes_grant(&set, "*", LATER), ST_INVALID);
	assert_false(SCOPES_OF_TENANT & (LATER | SCOPES_OF_OPERATOR));
}

static void what_the_giver_may_not_give_is_refused_by_name(void **state)
{
	scopes set;
	(void)state;
	assert_int_equal(scopes_grant(&set, "usage:read", READ), ST_OK);
	assert_int_equal(scopes_grant(&set, "usage:read,usage:write", READ), ST_FORBIDDEN);
	assert_int_equal(scopes_grant(&set, "* usage:write", READ), ST_FORBIDDEN);
	assert_int_equal(scopes_grant(&set, "usage:reading", ~(scopes)0), ST_INVALID);
	assert_int_equal(scopes_grant(&set, " , ", ~(scopes)0), ST_INVALID);
	assert_int_equal(scopes_grant(&set, "public", ~(scopes)0), ST_INVALID);
}

static void stored_names_hold_no_star(void **state)
{
	scopes set;
	(void)state;
	assert_int_equal(scopes_read(&set, "*"), ST_INVALID);
	assert_int_equal(scopes_read(&set, "usage:read *"), ST_INVALID);
	assert_int_equal(scopes_read(&set, "usage:write usage:read"), ST_OK);
	assert_true(set == (READ | WRITE));
}

static void what_is_printed_is_read_again(void **state)
{
	char names[SCOPES_ROOM];
	scopes set;
	(void)state;
	assert_memory_equal(scopes_print(names, SCOPES_OF_TENANT), "usage:read usage:write customers:read ", 37);
	assert_int_equal(scopes_read(&set, names), ST_OK);
	assert_true(set == SCOPES_OF_TENANT);
	assert_string_equal(scopes_print(names, WRITE), "usage:write");
}

static void the_operators_scopes_are_for_tenant_1(void **state)
{
	(void)state;
	assert_true(scopes_within(1) == (SCOPES_OF_TENANT | SCOPES_OF_OPERATOR));
	assert_true(scopes_within(2) == SCOPES_OF_TENANT);
}

int main(void)
{
	const struct CMUnitTest facts[] = {
		FACT(a_star_is_what_the_giver_may_give_of_a_tenants),
		FACT(what_the_giver_may_not_give_is_refused_by_name),
		FACT(stored_names_hold_no_star),
		FACT(what_is_printed_is_read_again),
		FACT(the_operators_scopes_are_for_tenant_1),
	};
	return cmocka_run_group_tests(facts, NULL, NULL);
}
