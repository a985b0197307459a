/* A function's declaration as JSON. */
#include "wire/describe.h"

#include <stdio.h>

#include "wire/params.h"

/* What is computed is nothing that a request has. */
static void add_params(struct jwriter *w, const struct param *params)
{
	for (const struct param *p = params; p && p->name; p++) {
		if (p->presence == GIVEN)
			continue;
		jw_object(w, NULL);
		jw_string(w, "name", p->name);
		jw_string(w, "type", param_type_name(p->type));
		jw_bool(w, "required", p->presence == REQUIRED);
		jw_string(w, "doc", p->doc);
		if (p->choices)
			jw_string(w, "choices", p->choices);
		if (p->min || p->max) {
			jw_int(w, "min", p->min);
			jw_int(w, "max", p->max);
		}
		if (p->digits)
			jw_int(w, "digits", p->digits);
		if (p->of) {
			jw_array(w, "of");
			add_params(w, p->of);
			jw_end(w);
		}
		jw_end(w);
	}
}

void describe_function(struct jwriter *w, const struct fn_entry *entry)
{
	char path[160];
	jw_object(w, NULL);
	snprintf(path, sizeof path, entry->fn->takes_id ? "%s/{id}" : "%s", entry->path);
	jw_string(w, "path", path);
	jw_string(w, "also", entry->fn->also);
	jw_array(w, "methods");
	for (unsigned m = 0; m < M__MAX; m++) {
		const struct verb *v = &entry->fn->on[m];
		if (!v->handle)
			continue;
		jw_object(w, NULL);
		jw_string(w, "method", method_name((enum method)m));
		jw_string(w, "summary", v->summary);
		jw_string(w, "scope", scope_name(v->scope));
		jw_bool(w, "idempotent", v->idempotent);
		jw_bool(w, "matches", v->matches);
		jw_array(w, "query");
		add_params(w, v->query);
		add_params(w, v->lists ? list_query : NULL);
		jw_end(w);
		jw_array(w, "body");
		add_params(w, v->body);
		jw_end(w);
		if (v->media)
			jw_string(w, "media", v->media);
		if (v->answers)
			jw_raw(w, "answers", v->answers);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}
