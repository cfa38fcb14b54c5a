/*
 * How far long work has come: told by who does it, listened to by who speaks to people. Nobody listening costs a load.
 *
 * One process-wide listener. Single-threaded.
 */
#ifndef SHAPEBOX_SCHEMA_PROGRESS_H
#define SHAPEBOX_SCHEMA_PROGRESS_H

#include <stdint.h>

/* From now on LISTEN hears of progress (thousandths of the whole); NULL: nobody. */
void progress_listen(void (*listen)(int thousandths));
/* What is told from now on is about part NUMBER, from 0, of COUNT equal ones; 0 of 1 is the whole. */
void progress_part(int64_t number, int64_t count);
/* DONE of TOTAL. */
void progress_tell(int64_t done, int64_t total);

#endif
