/* Holds a lock of fcntl() on the whole of a file, as apt and SQLite do, until its input ends. Says "held". */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char byte;
	int fd = argc == 2 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0640) : -1;
	if (fd < 0 || fcntl(fd, F_SETLK, &whole)) {
		perror("hold");
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
