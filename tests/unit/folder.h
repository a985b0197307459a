/* A folder of its own for each fact that writes files. */
#ifndef UNIT_FOLDER_H
#define UNIT_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_ROOM = 64 };

/** Make a new one. Out: folder  its path, FOLDER_ROOM bytes. Returns: 0, as cmocka's set-ups do. */
static inline int folder_made(char *folder, const char *what)
{
	static unsigned number;
	snprintf(folder, FOLDER_ROOM, "/tmp/pennymeter-%s-%d-%u", what, (int)getpid(), ++number);
	return mkdir(folder, 0700);
}

static inline int folder_removed(const char *folder)
{
	char command[FOLDER_ROOM + 16];
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

#endif
