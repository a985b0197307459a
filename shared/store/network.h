/* Which files lie on a network file system, where neither locks nor shared memory reach every machine. */
#ifndef STORE_NETWORK_H
#define STORE_NETWORK_H

/** The kind of network file system that the file's folder lies on, e.g. "NFS"; NULL: none. */
const char *network_of(const char *file);

#endif
