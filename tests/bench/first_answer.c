/* From the start of a server to its first answer, in milliseconds: first_answer PORT TARGET TOKEN COMMAND ….
 * It asks every 0.1 ms and costs next to nothing, for a server that starts in a few ms starts on the same two cores. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_NS = 100000, PATIENCE_MS = 30000 };

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static pid_t start(char *const *command)
{
	const pid_t pid = vfork();
	if (pid)
		return pid;
	const int nothing = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(nothing, fd);
	execvp(command[0], command);
	_exit(127);
}

/* Does it answer 200? The whole answer is read, so that the server has no reason to complain. */
static bool answers(int port, const char *request)
{
	char head[16] = "", piece[16384];
	size_t have = 0;
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!connect(fd, (const struct sockaddr *)&address, sizeof address) && write(fd, request, strlen(request)) > 0)
		for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
			for (ssize_t i = 0; i < n && have < 12; i++)
				head[have++] = piece[i];
	close(fd);
	return !strncmp(head + 8, " 200", 4);
}

int main(int argc, char **argv)
{
	char request[4096];
	const struct timespec pause = { 0, PAUSE_NS };
	if (argc < 5)
		return 2;
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", argv[2], argv[3]);
	const double began = now_ms();
	const pid_t server = start(argv + 4);
	int status;
	bool answered;
	while (!(answered = answers(atoi(argv[1]), request)) && now_ms() - began < PATIENCE_MS && !waitpid(server, &status, WNOHANG))
		nanosleep(&pause, NULL);
	const double took = now_ms() - began;
	kill(server, SIGTERM);
	waitpid(server, &status, 0);
	if (answered)
		printf("%.3f\n", took);
	return !answered;
}
