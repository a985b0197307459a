/* The main of every function: accepts FastCGI, or answers once as plain CGI. */
#include <fcgiapp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "wire/describe.h"
#include "wire/route.h"
#include "wire/serve.h"
#include "wire/settings.h"
#include "wire/tick.h"

/* ---- what both transports read from the environment ---- */

/* header: of what may stand only once, by its name in HTTP. Where it came twice some servers hand over both; others
 * join them, which is no good value either. What a configuration may hand over once more is left out. */
static const struct wanted { const char *name; size_t offset; const char *header; } wanted[] = {
	{ "REQUEST_METHOD=", offsetof(struct incoming, method) },
	{ "REQUEST_URI=", offsetof(struct incoming, uri) },
	{ "SCRIPT_NAME=", offsetof(struct incoming, script) },
	{ "QUERY_STRING=", offsetof(struct incoming, query) },
	{ "CONTENT_TYPE=", offsetof(struct incoming, content_type) },
	{ "CONTENT_LENGTH=", offsetof(struct incoming, content_length) },
	{ "HTTP_AUTHORIZATION=", offsetof(struct incoming, authorization) },
	{ "REDIRECT_HTTP_AUTHORIZATION=", offsetof(struct incoming, authorization) },
	{ "HTTP_X_API_KEY=", offsetof(struct incoming, api_key), "X-Api-Key" },
	{ "HTTP_IDEMPOTENCY_KEY=", offsetof(struct incoming, idempotency_key), "Idempotency-Key" },
	{ "HTTP_CONTENT_ENCODING=", offsetof(struct incoming, content_encoding), "Content-Encoding" },
	{ "HTTP_IF_NONE_MATCH=", offsetof(struct incoming, if_none_match) },
	{ "HTTP_IF_MATCH=", offsetof(struct incoming, if_match), "If-Match" },
	{ "HTTP_X_HTTP_METHOD_OVERRIDE=", offsetof(struct incoming, method_override), "X-HTTP-Method-Override" },
	{ "REMOTE_ADDR=", offsetof(struct incoming, address) },
	{ "HTTP_USER_AGENT=", offsetof(struct incoming, user_agent) },
	{ "HTTP_ACCEPT=", offsetof(struct incoming, accept) },
};

enum { WANTED = sizeof wanted / sizeof *wanted };

static void take_value(struct incoming *in, const struct wanted *w, const char *value, bool seen)
{
	const char **field = (const char **)((char *)in + w->offset);
	const bool redirected = *w->name == 'R' && w->name[2] == 'D';
	if (seen && w->header)
		in->repeated = w->header;
	if (!*field || !redirected)
		*field = value;
}

/* In/Out: seen  a bit for each row that has come */
static void take_variable(struct incoming *in, const char *entry, unsigned *seen)
{
	for (unsigned i = 0; i < WANTED; i++) {
		const size_t size = strlen(wanted[i].name);
		if (*entry != *wanted[i].name || strncmp(entry, wanted[i].name, size))
			continue;
		take_value(in, &wanted[i], entry + size, *seen & 1u << i);
		*seen |= 1u << i;
		return;
	}
}

static void take_environment(struct incoming *in, char *const *environment)
{
	unsigned seen = 0;
	for (; *environment; environment++)
		take_variable(in, *environment, &seen);
}

/* ---- FastCGI ---- */

enum { LISTENER = 0 }; /* the socket that the server hands over, where a program's input would be */

static size_t fcgi_read(void *stream, char *bytes, size_t room)
{
	int n = FCGX_GetStr(bytes, (int)room, ((FCGX_Request *)stream)->in);
	return n > 0 ? (size_t)n : 0;
}

static void fcgi_write(void *stream, const char *bytes, size_t size)
{
	while (size) {
		int part = size > 1 << 20 ? 1 << 20 : (int)size;
		if (FCGX_PutStr(bytes, part, ((FCGX_Request *)stream)->out) < 0)
			return;
		bytes += part;
		size -= (size_t)part;
	}
}

/* mod_fcgid gives a program no environment of its own: what .htaccess sets comes with each
 * request, and the first one's counts. */
static void adopt_settings(char *const *environment)
{
	char name[64];
	for (; *environment; environment++) {
		size_t size = strcspn(*environment, "=");
		if (strncmp(*environment, "PENNYMETER_", 11) || !(*environment)[size] || size >= sizeof name)
			continue;
		memcpy(name, *environment, size);
		name[size] = '\0';
		setenv(name, *environment + size + 1, 0);
	}
}

/* Has all that the server sends of this request been read? Then the connection can be closed at once: libfcgi would
 * shut down one side of it and sleep until the server has closed the other, lest bytes that nobody read take the
 * answer with them. Where a body was refused unread, that is what it still does. */
static bool is_read_to_its_end(FCGX_Request *request, const struct incoming *in)
{
	const char *length = in->content_length;
	const bool bodiless = !length || !*length || !strcmp(length, "0");
	return FCGX_HasSeenEOF(request->in) || (bodiless && FCGX_GetChar(request->in) < 0);
}

static volatile sig_atomic_t told_to_end;

/* libfcgi looks for it before it accepts; who waits before that must look too. */
static void tell_to_end(int signal)
{
	(void)signal;
	told_to_end = 1;
	FCGX_ShutdownPending();
}

/* Where processes share a socket, accept() hands a connection to the one that has waited longest, so all of them take
 * turns, each with a cache that the others' commits have made stale. epoll asks them in a fixed order instead: the
 * first that is free takes it, and its cache is still good from its own last commit. A record by one client takes a
 * quarter less time so (note 0019); reads make nobody's cache stale and would only pay for the call. */
static int open_queue(void)
{
	struct epoll_event readable = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	const struct sigaction end = { .sa_handler = tell_to_end };
	const int queue = routes_write(fn_table) ? epoll_create1(EPOLL_CLOEXEC) : -1;
	if (queue < 0)
		return -1;
	if (!epoll_ctl(queue, EPOLL_CTL_ADD, LISTENER, &readable) && !sigaction(SIGTERM, &end, NULL) && !sigaction(SIGUSR1, &end, NULL))
		return queue;
	close(queue);
	return -1;
}

/* Until it is this process's turn to accept; at once where there is no queue, or when it is to end: accept() says so. */
static void wait_in(int queue)
{
	struct epoll_event readable;
	if (queue >= 0 && !told_to_end)
		(void)!epoll_wait(queue, &readable, 1, -1);
}

static bool accept_next(FCGX_Request *request, int queue)
{
	wait_in(queue);
	return FCGX_Accept_r(request) == 0;
}

enum { KEPT_HEAP = 1 << 20 };

/* What a request took would be given back to the system after it, to be asked for and filled with zeros by the next.
 * malloc() keeps twice the largest block that it was given back; told a number it would learn no more. */
static void keep_heap(void)
{
	void *volatile block = malloc(KEPT_HEAP / 2);
	free(block);
}

static int run_fcgi(void)
{
	struct server *server = NULL;
	FCGX_Request request;
	keep_heap();
	if (FCGX_Init() || FCGX_InitRequest(&request, LISTENER, 0))
		return 1;
	const int queue = open_queue();
	while (accept_next(&request, queue)) {
		if (!server) {
			adopt_settings(request.envp);
			settings_beside_program();
		}
		if (!server && server_open(&server, fn_table)) {
			FCGX_Finish_r(&request);
			return 1;
		}
		struct incoming in = { .stream = &request, .read = fcgi_read, .write = fcgi_write };
		take_environment(&in, request.envp);
		serve(server, &in);
		if (is_read_to_its_end(&request, &in))
			FCGX_Detach(&request);
		FCGX_Finish_r(&request);
		serve_after(server);
	}
	server_close(server);
	return 0;
}

/* ---- plain CGI ---- */

static size_t cgi_read(void *stream, char *bytes, size_t room)
{
	(void)stream;
	return fread(bytes, 1, room, stdin);
}

static void cgi_write(void *stream, const char *bytes, size_t size)
{
	(void)stream;
	if (fwrite(bytes, 1, size, stdout) != size)
		clearerr(stdout); /* the client has gone */
}

/* What a refused body still has to say: mod_cgid hands it over on a socket, and to close that
 * with bytes unread would take the answer with it. */
static void cgi_drain(void)
{
	char piece[16 << 10];
	for (size_t most = 64 << 20, n; most && (n = fread(piece, 1, sizeof piece, stdin)) > 0;)
		most -= n < most ? n : most;
}

static int run_cgi(void)
{
	struct server *server;
	struct incoming in = { .read = cgi_read, .write = cgi_write };
	settings_beside_program();
	if (server_open(&server, fn_table))
		return 1;
	take_environment(&in, environ);
	serve(server, &in);
	int failed = fflush(stdout) ? 1 : 0;
	cgi_drain();
	fclose(stdout);
	serve_after(server);
	server_close(server);
	return failed;
}

/* ---- the command line ---- */

static int print_declarations(void)
{
	struct arena *arena;
	if (arena_open(&arena, 4 << 20))
		return 1;
	struct text t = text_new(arena, 1 << 20);
	struct jwriter w = jw_new(&t);
	bool many = fn_table[0].path && fn_table[1].path;
	if (many)
		jw_array(&w, NULL);
	for (const struct fn_entry *e = fn_table; e->path; e++)
		describe_function(&w, e);
	if (many)
		jw_end(&w);
	puts(t.bytes);
	arena_close(arena);
	return 0;
}

static int print_usage(const char *name)
{
	fprintf(stderr, "%s is a function of Pennymeter: a web server runs it as FastCGI or CGI.\n"
	                "  --describe   print what it declares, as JSON\n", name);
	return 2;
}

static const char *program_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static int run_argument(const char *program, const char *argument)
{
	if (!strcmp(argument, TICK_ARGUMENT))
		return tick_run(fn_table);
	return strcmp(argument, "--describe") ? print_usage(program) : print_declarations();
}

int main(int argc, char **argv)
{
	umask(077); /* whatever a web server hands down: what this makes is nobody else's */
	log_name(program_name(argv[0]));
	if (argc > 1)
		return run_argument(argv[0], argv[1]);
	bool cgi = FCGX_IsCGI();
	if (cgi && !getenv("REQUEST_METHOD"))
		return print_usage(argv[0]);
	return cgi ? run_cgi() : run_fcgi();
}
