/* Which files lie on a network file system. */
#include "store/network.h"

#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

/* By statfs(2) magic. */
static const struct { unsigned long magic; const char *name; } network[] = {
	{ 0x6969, "NFS" }, { 0x517b, "SMB" }, { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB2" },
	{ 0x65735546, "FUSE" }, { 0x01021997, "9P" }, { 0x5346414f, "AFS" }, { 0x00c36400, "Ceph" },
	{ 0x0bd00bd0, "Lustre" }, { 0x47504653, "GPFS" },
};

const char *network_of(const char *file)
{
	struct statfs fs;
	char folder[4096];
	snprintf(folder, sizeof folder, "%s", file);
	char *slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	if (statfs(slash ? folder : ".", &fs))
		return NULL;
	for (size_t i = 0; i < sizeof network / sizeof *network; i++)
		if ((unsigned long)fs.f_type == network[i].magic)
			return network[i].name;
	return NULL;
}
