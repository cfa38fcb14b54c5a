/*
 * Notes: facts of any size, written into the box as JSON (struct box_note of schema/box.h).
 *
 * Off the hot path, but still without malloc: a note is written straight into its slot. Any thread; two notes at once
 * take two slots. A note that outgrows its slot is cut to valid JSON and counted (BOX_LOSS_NOTE_CUT).
 */
#ifndef SHAPEBOX_LIBSHIM_NOTE_H
#define SHAPEBOX_LIBSHIM_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../schema/box.h"
#include "json.h"

struct note {
	struct box_note *slot;
	struct json_writer json; /* write the text here; begin with json_object_begin */
};

/* Take a slot for a note of KIND about EVENT (the thread's event number, or ~0). False if recording is off or none is free. */
bool note_begin(struct note *note, enum box_note_kind kind, uint64_t event);
/* Close the JSON, publish the slot. */
void note_publish(struct note *note);

#endif
