/*
 * Faults: a preloaded library that makes one call fail.
 *
 *   LD_PRELOAD="faults.so libshapebox.so" FAULTS_IN=libshapebox.so FAULTS_AT=17 [FAULTS_ON=1] [FAULTS_TOLD=FILE] PROGRAM
 *
 * Calls of the functions in points.def are counted where the caller lies within the file whose name ends in FAULTS_IN
 * (the main program has the name "main"), over all threads. Number FAULTS_AT fails (0: none does); with FAULTS_ON all
 * after it fail, too. At the end FAULTS_TOLD gets a line "COUNT FAILED NAME:COUNT ...", FAILED
 * being the function that was made to fail, or "-"; FAULTS_PATHS gets 8 bytes for each call, equal where the
 * function (its number in points.def: the topmost byte) and the innermost callers were. A program that forks can count
 * anew in its child by faults_arm, and read there or in its parent what happened by faults_told.
 */
#ifndef SHAPEBOX_TESTS_FAULTS_H
#define SHAPEBOX_TESTS_FAULTS_H

/* From here on call number AT fails, if ON all later ones, too; counters begin at 0. The counters are shared with children. */
void faults_arm(unsigned long at, int on);

/* How many calls there were; in REACHED the function that was made to fail last (NULL: none), in TEXT (ROOM bytes)
 * "NAME:COUNT ..." of all. */
unsigned long faults_told(const char **reached, char *text, unsigned long room);

#endif
