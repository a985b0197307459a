/* Checks of the configuration's texts, one a key. */
#include "shape/conf_check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact/money.h"
#include "exact/zone.h"

static bool is_currency(const char *text)
{
	return currency_find(text);
}

static bool is_zone(const char *text)
{
	return !zone_check(text);
}

static bool is_visible(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* Nothing, or segments that begin with "/", as in "/meter". */
static bool is_base_path(const char *text)
{
	const size_t size = strlen(text);
	return !size || (*text == '/' && text[size - 1] != '/' && is_visible(text) && !strpbrk(text, "?#") && !strstr(text, "//"));
}

/* Empty: there is nowhere to send anybody. A link of a page: no javascript: and the like. */
static bool is_address(const char *text)
{
	const bool absolute = !strncmp(text, "https://", 8) || !strncmp(text, "http://", 7);
	return !*text || (is_visible(text) && (absolute || (*text == '/' && text[1] != '/')));
}

static bool is_switch(const char *text)
{
	return !strcmp(text, "on") || !strcmp(text, "off");
}

static const struct check {
	enum conf_key key;
	bool (*good)(const char *text);
	const char *wanted;
} checks[] = {
	{ CONF_CURRENCY, is_currency, "an ISO 4217 code like USD" },
	{ CONF_TIMEZONE, is_zone, "an IANA time zone like Europe/Berlin" },
	{ CONF_BASE_PATH, is_base_path, "empty, or a path like /meter" },
	{ CONF_UPGRADE_URL, is_address, "an address that begins with https://, http:// or /" },
	{ CONF_TICK, is_switch, "on or off" },
	{ CONF_TEST_CLOCKS, is_switch, "on or off" },
};

/* Out: name  of the variable that has set the key, if there is one; else the key */
static const char *source(char *name, size_t room, enum conf_key key)
{
	snprintf(name, room, "PENNYMETER_%s", conf_rows[key].name);
	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	if (!getenv(name))
		snprintf(name, room, "pennymeter.conf: %s", conf_rows[key].name);
	return name;
}

enum st conf_check(const struct conf *conf, struct faults *faults)
{
	char name[64];
	enum st st = ST_OK;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		const struct check *c = &checks[i];
		if (!c->good(conf->text[c->key]))
			st = fault_add(faults, source(name, sizeof name, c->key), "must be %s, not \"%s\"", c->wanted, conf->text[c->key]);
	}
	return st;
}
