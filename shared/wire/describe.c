/* A function's declaration as JSON. */
#include "wire/describe.h"

#include "wire/params.h"

static void describe_params(struct jwriter *w, const char *name, const struct param *params)
{
	jw_array(w, name);
	for (const struct param *p = params; p && p->name; p++) {
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
		jw_end(w);
	}
	jw_end(w);
}

void describe_function(struct jwriter *w, const struct fn_entry *entry)
{
	jw_object(w, NULL);
	jw_string(w, "path", entry->path);
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
		describe_params(w, "query", v->query);
		describe_params(w, "body", v->body);
		if (v->media)
			jw_string(w, "media", v->media);
		if (v->answers)
			jw_raw(w, "answers", v->answers);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}
