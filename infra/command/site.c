/* Finds the address of the site in run.json, and tells what cannot be seen from beside the data folder. */
#include "site.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NULL: nobody has said. */
static const char *told_address(struct run *r)
{
	struct faults quiet = { .arena = r->arena };
	const struct json *root;
	const char *path = conf_path(&r->conf, r->arena, "run.json");
	const char *text = path && !access(path, R_OK) ? run_read_file(r, path, 4096) : NULL;
	const char *url = text && !json_parse(&root, &quiet, r->arena, text, strlen(text)) ? json_text(json_get(root, "url")) : "";
	return *url ? url : NULL;
}

const char *site_address(struct run *r)
{
	const char *told = told_address(r);
	return told ? told : arena_format(r->arena, "https://YOUR.HOST%s", r->conf.text[CONF_BASE_PATH]);
}

/* The folder of the path that hosts call their web root; NULL: none is known by its name. */
static const char *web_root(const char *path)
{
	static const char *const names[] = { "public_html", "htdocs", "httpdocs", "wwwroot" };
	char whole[PATH_MAX];
	if (!realpath(path, whole))
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const size_t size = strlen(names[i]);
		for (const char *at = whole; (at = strstr(at, names[i])); at += size)
			if (at[-1] == '/' && (at[size] == '/' || !at[size]))
				return names[i];
	}
	return NULL;
}

bool site_judge(const char **detail, struct run *r)
{
	const char *root = web_root(r->conf.data), *told = told_address(r);
	if (root)
		*detail = arena_format(r->arena, "the data folder lies below \"%s\", which web servers hand out: move it outside", root);
	else if (told)
		*detail = arena_format(r->arena, "`make run` serves it at %s", told);
	else
		*detail = arena_format(r->arena, "cannot be seen from here: open %s/api/health, which must answer \"ok\" by https", site_address(r));
	*detail = *detail ? *detail : "cannot be looked at";
	return !root;
}
