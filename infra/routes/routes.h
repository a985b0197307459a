/* What the formats of the generator share: the site they are for, and every address with its program. */
#ifndef INFRA_ROUTES_H
#define INFRA_ROUTES_H

#include <stdio.h>

#include "wire/fn.h"

/** Where the site lies and how it is served: the options of the command line. */
struct site {
	const char *fn;   /* folder of the functions, for who starts them: under Apache below the .htaccess; NULL: `pennymeter launch` does */
	const char *www;  /* folder of the static pages */
	const char *data; /* data folder, passed to every function */
	const char *run;  /* folder of sockets and process ids */
	const char *log;  /* file of the server's and the functions' messages */
	const char *spool; /* folder on disk for bodies that come and answers that wait, where the server has none of its own */
	const char *base;  /* the folder of the site that holds it all, "/meter"; "": the site itself */
	const char *name;  /* the site's host name; NULL: whatever a request names */
	const char *cert, *key; /* of TLS; NULL: none */
	const char *address;
	unsigned port, procs;
	unsigned connections; /* at a time, of lighttpd */
	unsigned status;  /* of the problem that is printed */
	unsigned writers; /* processes of a function that writes; 0: as many as of the others */
	bool all;  /* every address goes to pennymeter-all.fcgi */
	bool demo; /* /demo.json is the data folder's, with the demo token */
	bool part; /* of a server's configuration that has other sites */
	bool large; /* Apache's mod_fcgid was told to take the bodies that functions take */
};

/** How an address came to its function. */
enum kind { AT_API, AT_V1, AT_ALSO };

enum { PROGRAM_ROOM = 100, PROGRAMS = 512 };

struct address {
	char path[160];    /* from the root: "/api/v1/customers/{id}" */
	char prefix[160];  /* what is the function's, whatever is behind it: "/api/v1/customers" */
	char program[PROGRAM_ROOM]; /* "usage-record", or "pennymeter-all" */
	enum kind kind;
	size_t body_cap;   /* of the largest body that some method takes, in bytes */
	const struct fn_entry *entry;
};

struct addresses {
	size_t count;
	struct address at[1024];
};

/** Every address of every function, sorted by path.
 *  Returns: false when one does not fit its field, with the cause on stderr. */
bool addresses_list(struct addresses *out, const struct fn_entry *table, bool all) MUST_USE;

/** Each prefix once, with the largest body of all behind it; a longer one before each shorter one that it begins
 *  with, for servers that take the first that fits. */
void addresses_by_prefix(struct addresses *list);

/** A program: a folder of functions, or one function alone. */
struct program {
	char name[PROGRAM_ROOM];   /* "customers", "usage-record", or "pennymeter-all" */
	char prefix[PROGRAM_ROOM]; /* below /api/ and /api/v1/ it has what begins so: "usage/record"; "": all */
	unsigned procs; /* how many processes it gets */
};

struct programs {
	size_t count;
	struct program at[PROGRAMS];
};

/** Each program once; a longer prefix before each shorter one that it begins with.
 *  Returns: false when one does not fit its field, with the cause on stderr. */
bool programs_list(struct programs *out, const struct site *site, const struct fn_entry *table) MUST_USE;

/** Calls `each` with every cap above the usual one and a pattern of the paths below /api/ that have it: "usage/batch|events". */
void large_bodies_each(FILE *out, const struct site *site, const struct addresses *list,
                       void (*each)(FILE *out, const struct site *site, size_t cap, const char *paths));

/** Who answers an address below /api/ that no function has: with a 404 problem. */
const char *catch_all(const struct site *site);

/** Whether www/404.html is there, to answer for missing pages. */
bool has_error_page(const struct site *site);

/* ---- what every server sends with a page, and the types of files ---- */

struct pair { const char *name, *value; };

extern const struct pair page_headers[]; /* ended by a row without a name */
extern const struct pair file_types[];   /* suffix, media type */

#define HSTS "max-age=31536000" /* other sites of the domain are not ours to bind */
/* Seconds between two pieces of a request: who is silent for longer gives its place to others. */
#define READ_IDLE 10
#define READ_IDLE_OF_FEW 3 /* where there are few places */
enum { CONNECTIONS = 4096, FEW_CONNECTIONS = 1024 };
/* A file whose name changes with its content, as infra/www makes them: usage-0a1b2c3d4e.mjs. */
#define HASHED_NAME "-[0-9a-f]{10}\\.[a-z]+(?:\\.gz)?$"
#define CACHE_HASHED "public, max-age=31536000, immutable"
#define CACHE_PAGE "no-cache"

/* ---- the formats ---- */

int print_lighttpd(FILE *out, const struct site *site, const struct fn_entry *table);
int print_apache_fcgid(FILE *out, const struct site *site, const struct fn_entry *table);
int print_apache_cgi(FILE *out, const struct site *site, const struct fn_entry *table);
int print_nginx(FILE *out, const struct site *site, const struct fn_entry *table);
int print_spawn(FILE *out, const struct site *site, const struct fn_entry *table);
int print_problem(FILE *out, const struct site *site, const struct fn_entry *table);
int print_openapi(FILE *out, const struct site *site, const struct fn_entry *table);
int print_routes(FILE *out, const struct site *site, const struct fn_entry *table);

/** Refuse a table that forgets something: a scope, a summary, a parameter's doc; a
 *  public write; two functions at one address.
 *  Returns: how many faults it wrote to `out`, one a line. */
unsigned check_functions(FILE *out, const struct fn_entry *table);

#endif
