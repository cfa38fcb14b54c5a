/* Notes: slots of the box, taken, written, published. See note.h and struct box_note of schema/box.h. */
#include <time.h>

#include "box.h"
#include "copy.h"
#include "note.h"
#include "shim.h"

enum note_state { NOTE_FREE = 0, NOTE_WRITING = 1, NOTE_READY = 2 };

/* Turn of the ring. It only spreads the notes over the slots, so a forked child may go on where its parent was. */
static uint32_t ring_turn;
static uint32_t state_turn;

static struct box_note *
slot_at(uint32_t index)
{
	return (struct box_note *)((char *)box_region(BOX_NOTES) + (uint64_t)index * shim_box.header->note_bytes);
}

/* Take SLOT if it is free, or, where that is allowed, if its note may be replaced. */
static bool
slot_take(struct box_note *slot, bool replace)
{
	uint32_t state = __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE);

	if (state != NOTE_FREE && !(replace && state == NOTE_READY))
		return false;
	return __atomic_compare_exchange_n(&slot->state, &state, NOTE_WRITING, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

static struct box_note *
slot_find(enum box_note_kind kind)
{
	uint32_t count = shim_box.header->note_count;

	if (kind == BOX_NOTE_ENVIRONMENT)
		return count && slot_take(slot_at(0), true) ? slot_at(0) : NULL;
	if (kind == BOX_NOTE_FATAL) {
		for (uint32_t i = BOX_NOTE_FIRST_FATAL; i < BOX_NOTE_FIRST_STATE && i < count; i++)
			if (slot_take(slot_at(i), false))
				return slot_at(i);
		return NULL;
	}
	if (count <= BOX_NOTE_FIRST_RING)
		return NULL;
	if (kind == BOX_NOTE_STATE) /* by turns: the one before stands while this one is being written */
		for (uint32_t tries = 0; tries < BOX_NOTE_STATES; tries++) {
			struct box_note *slot = slot_at(BOX_NOTE_FIRST_STATE + __atomic_fetch_add(&state_turn, 1, __ATOMIC_RELAXED) % BOX_NOTE_STATES);
			if (slot_take(slot, true))
				return slot;
		}
	if (kind == BOX_NOTE_STATE)
		return NULL;
	if (kind == BOX_NOTE_GROUPS)
		return slot_take(slot_at(BOX_NOTE_FIRST_GROUPS), true) ? slot_at(BOX_NOTE_FIRST_GROUPS) : NULL;
	uint32_t ring = count - BOX_NOTE_FIRST_RING;
	for (uint32_t tries = 0; tries < ring; tries++) {
		uint32_t turn = __atomic_fetch_add(&ring_turn, 1, __ATOMIC_RELAXED);
		struct box_note *slot = slot_at(BOX_NOTE_FIRST_RING + turn % ring);
		if (slot_take(slot, true))
			return slot;
	}
	return NULL;
}

bool
note_begin(struct note *note, enum box_note_kind kind, uint64_t event)
{
	struct timespec now = { 0, 0 };
	struct box_note *slot;

	if (!shim_box.base || shim_box.header->note_bytes <= sizeof *slot)
		return false;
	slot = slot_find(kind);
	if (!slot) {
		box_lose(BOX_LOSS_NOTE_CUT, 1);
		return false;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	slot->kind = kind;
	slot->size_bytes = 0;
	slot->number = __atomic_fetch_add(&shim_box.header->next_note, 1, __ATOMIC_RELAXED);
	if (kind != BOX_NOTE_ENVIRONMENT && kind != BOX_NOTE_STATE && kind != BOX_NOTE_GROUPS)
		__atomic_fetch_add(&shim_box.header->told, 1, __ATOMIC_RELAXED);
	slot->unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	slot->event = event;
	slot->thread = BOX_NONE;
	slot->events_before = 0;
	record_thread(&slot->thread, &slot->events_before);
	note->slot = slot;
	json_begin(&note->json, slot->text, shim_box.header->note_bytes - (uint32_t)sizeof *slot);
	return true;
}

void
note_publish(struct note *note)
{
	json_finish(&note->json);
	if (note->json.cut)
		box_lose(BOX_LOSS_NOTE_CUT, 1);
	note->slot->size_bytes = note->json.used;
	uint32_t kind = note->slot->kind;
	__atomic_store_n(&note->slot->state, NOTE_READY, __ATOMIC_RELEASE);
	if (kind != BOX_NOTE_ENVIRONMENT)
		copy_evidence(kind == BOX_NOTE_FATAL);
}
