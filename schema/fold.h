/*
 * The fold: one box into one SQLite database.
 *
 * Called by the viewer and by `run`, never in the training process. The database is made under a temporary name in
 * the directory of DB_PATH and renamed when complete: under the final name there is a whole database or none, however
 * many folds run at once and whenever one is killed (by SIGKILL it leaves only "<db>.XXXXXX.tmp", see unfinished.h). Mode 0600. The box is only
 * read. Stages, a file each: dictionaries, operands, notes, events (the merge of all threads by time), phases, rows,
 * tensors. What the box had lost, overwritten or damaged becomes rows of table loss.
 */
#ifndef SHAPEBOX_SCHEMA_FOLD_H
#define SHAPEBOX_SCHEMA_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fold_result {
	int64_t events;      /* operations recorded, kept or overwritten */
	int64_t events_kept; /* rows of table event */
	uint64_t damage;     /* places of the box that could not be read */
	uint64_t unread;     /* of these, what an error kept it from: it may be there, and the box must stay */
	char first_damage[160];
};

/* Fold the box at BOX_PATH into a new database at DB_PATH (replaced if it is there). FINISHED: the process has ended
 * (else the box may still grow: what is counted as overwritten is then a lower bound). RESULT may be NULL. On failure
 * fills ERROR with one line that names the file, leaves DB_PATH as it was, and returns false. */
bool fold_box(const char *box_path, const char *db_path, bool finished, struct fold_result *result, char *error,
	      size_t error_room);

#endif
