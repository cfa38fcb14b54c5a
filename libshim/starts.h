/*
 * Programs that are started from here and that nothing will be recorded in: noted for `run`, which says so if nothing was.
 *
 * Called from the exec hooks: in a child between fork (or vfork) and exec, so nothing but system calls, and no memory of the
 * parent's is written. Under `run` only. A line is "NAME" (a row of schema/starts.def), "setuid PATH", "clean PATH" (an
 * environment without the library) or "env -i".
 */
#ifndef SHAPEBOX_LIBSHIM_STARTS_H
#define SHAPEBOX_LIBSHIM_STARTS_H

void starts_note(const char *path, char *const argv[], char *const envp[]);

#endif
