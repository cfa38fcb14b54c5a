/*
 * Small files, the kernel's own among them (/proc): read as a whole. Off the hot path; any thread; no malloc; changes errno.
 */
#ifndef SHAPEBOX_LIBSHIM_FILE_H
#define SHAPEBOX_LIBSHIM_FILE_H

#include <stddef.h>

/* At most ROOM bytes of the file PATH into TEXT, which gets no NUL. Returns how many; 0 if it can't be read. */
size_t file_read(const char *path, char *text, size_t room);

#endif
