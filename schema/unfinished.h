/*
 * Files that must not outlive an interruption: what is half written, and what is private and for a while.
 *
 * Where Ctrl-C, SIGTERM or SIGHUP would end the process, they first remove everything that is listed; a process that ends by
 * exit() removes it, too. Who ignores these signals, or handles them, goes on doing so. SIGKILL leaves files behind.
 *
 * Owns its list and the handler. The viewer's alone: never in the traced process. Single-threaded.
 */
#ifndef SHAPEBOX_SCHEMA_UNFINISHED_H
#define SHAPEBOX_SCHEMA_UNFINISHED_H

#define UNFINISHED_MOST 4096

/* List PATH, a file or a directory (empty by then: list it before what is in it). Its number, for unfinished_drop; -1 where there is no
 * room, and then nothing guards it. */
int unfinished_add(const char *path);
/* It is finished, or gone. -1 is passed over. */
void unfinished_drop(int number);

#endif
