/*
 * Where this process's box lies.
 *
 * In the trace's directory, if a mapped file may lie there (filesystems.def). On a network or FUSE file system, in a small
 * /dev/shm, on a full disk, or where SHAPEBOX_LOCAL names a place, it lies apart: in local temporary space, in a directory of this user
 * alone, named by a small file NAME.at in the trace's directory (BOX_PLACE_END). copy.c then brings over what is to last. Where
 * no local file system is writable, it lies in memory, and only copies last.
 *
 * Runs when a box is made and when its process ends, one thread at a time; no malloc, no lock.
 */
#ifndef SHAPEBOX_LIBSHIM_PLACE_H
#define SHAPEBOX_LIBSHIM_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define PLACE_HOST_BYTES 65
#define PLACE_MEMORY_LEAST (1ull << 30) /* a smaller tmpfs is left to the program: 64 MB are what containers get as /dev/shm */

struct place {
	char directory[PATH_MAX]; /* the trace's */
	char stem[192];           /* name of its files there: "rank0-<host>-<pid>" */
	char box[PATH_MAX];       /* the mapped file; "" if it is memory alone */
	bool apart;               /* not in `directory` */
};

/* Of the box made last. */
extern struct place place;

/* May a mapped file lie on a file system of this TYPE and SIZE (statfs)? */
bool place_maps(uint64_t type, uint64_t size_bytes);

/* Make ready the directory number CANDIDATE (0: as configured; 1: in TMPDIR; 2: in /tmp). False if it can't be written to. */
#define PLACE_CANDIDATES 3
bool place_open(unsigned candidate);

/* Map SIZE zero bytes for the box of RANK, in `directory` or apart; NULL where that can't be done. FORKED: a worker's. */
char *place_map(int rank, bool forked, uint64_t size_bytes);

/* Map SIZE zero bytes of the new file PATH; NULL (and no file) if that can't be done. */
char *place_map_file(const char *path, uint64_t size_bytes);

/* What the boxes of this trace and host take, wherever a box of this process would lie. */
uint64_t place_used_bytes(void);

/* Remove the files of STEM in DIRECTORY: the box at BOX, its SEGMENTS, and, but with KEEP_COPY, what was copied of it. False if BOX
 * wasn't there: somebody else removes it. */
bool place_remove(const char *directory, const char *stem, const char *box, uint32_t segments, bool keep_copy);

/* What NAME.at says, open as DESCRIPTOR; false if it says nothing. */
bool place_read(int descriptor, char *box, uint32_t room);

/* This host's name as it stands in file names. */
void place_host(const char *host, char name[PLACE_HOST_BYTES]);

#endif
