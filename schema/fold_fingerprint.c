/*
 * Fingerprints of call sites, signatures and blocks of operations: tables site_print, signature_print, block.
 *
 * What ranks are compared by: the outermost operations of the main thread, and those of backward on the threads of the
 * autograd engine. Left out are the operations by which a sharding library arranges its own pieces (their number
 * follows the rank), and other threads, whose order is chance.
 */
#include "fold_thread.h"

#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"

#define THREADS_MOST 64 /* of a hostile box's many threads, the first that qualify */

struct print {
	struct fingerprint_signature signature;
	bool sharding;  /* of a call site, whose text is signature.operation */
};

/* Found by their id: a place in the box, divided by 8, or counted on from there (fold_inline.c). */
struct prints {
	struct print *entries;
	uint32_t *places; /* of an id: number of its entry, from 1 */
	uint32_t room, count;
	uint64_t place_room;
};

struct open_block {
	uint32_t thread;
	int64_t step, number, first, last, first_number;
	uint64_t events, collectives, messages;
	struct fingerprint print;
};

struct kind_print { uint64_t control, kinds, content, collective; bool known, counts /* in comparisons */, message; };

struct fold_prints {
	struct prints signatures, sites;
	struct kind_print *kinds; /* by event_kind.id */
	int64_t kind_room;
	int own; /* index of the process's own accelerator */
	uint32_t block_count;
	struct open_block blocks[THREADS_MOST];
	struct bytes done; /* blocks that are complete: struct open_block */
};

/* A new one. */
static struct print *
print_add(struct fold *fold, struct prints *prints, int64_t id)
{
	uint64_t place = (uint64_t)id;

	if (place >= prints->place_room) {
		uint64_t room = place + place / 2 + 1024;
		uint32_t *places = realloc(prints->places, room * sizeof *places);

		if (!places) {
			fold_fail(fold, "not enough memory");
			return NULL;
		}
		memset(places + prints->place_room, 0, (room - prints->place_room) * sizeof *places);
		prints->places = places;
		prints->place_room = room;
	}
	if (prints->count == prints->room) {
		uint32_t room = prints->room ? prints->room * 2 : 1024;
		struct print *entries = realloc(prints->entries, room * sizeof *entries);

		if (!entries) {
			fold_fail(fold, "not enough memory");
			return NULL;
		}
		prints->entries = entries;
		prints->room = room;
	}
	prints->places[place] = ++prints->count;
	return &prints->entries[prints->count - 1];
}

static const struct print *
print_get(const struct prints *prints, int64_t id)
{
	uint32_t number = id > 0 && (uint64_t)id < prints->place_room ? prints->places[id] : 0;

	return number ? &prints->entries[number - 1] : NULL;
}

static void
prints_free(struct prints *prints)
{
	free(prints->entries);
	free(prints->places);
}

/* How many entries CUDA_VISIBLE_DEVICES has; 0: unset, or not known. */
static int
visible_devices(struct fold *fold)
{
	const struct box_note *note = box_read_note(&fold->box, 0);
	sqlite3_stmt *row = fold_prepare(fold, "SELECT CASE WHEN json_valid(?1) THEN json_extract(?1, '$.env.CUDA_VISIBLE_DEVICES') END");
	const char *text;
	int count = 0;

	if (row && note && note->kind == BOX_NOTE_ENVIRONMENT) {
		sqlite3_bind_text(row, 1, note->text, (int)note->size_bytes, SQLITE_STATIC);
		text = sqlite3_step(row) == SQLITE_ROW ? (const char *)sqlite3_column_text(row, 0) : NULL;
		if (text && *text)
			for (count = 1; *text; text++)
				count += *text == ',';
	}
	sqlite3_finalize(row);
	return count;
}

/* The accelerators that the dictionary mentions. Damage is described by those who write the rows. */
static uint64_t
accelerators(const struct fold *fold)
{
	uint64_t at = 0, size = fold->box.region_bytes[BOX_SIGNATURES], set = 0;

	while (fold->box.regions[BOX_SIGNATURES] && at + sizeof(struct box_signature) <= size) {
		const struct box_signature *signature = (const void *)(fold->box.regions[BOX_SIGNATURES] + at);

		if (signature->word_count > (size - at - sizeof *signature) / 8)
			break;
		set |= fingerprint_accelerators(signature->words, signature->word_count, signature->value_count);
		at += sizeof *signature + 8ull * signature->word_count;
	}
	return set;
}

/* A rank's own accelerator is that of its local rank, or the only one that it was shown. A rank that never touches that
 * one but several others has its model spread over these. */
static int
own_accelerator(struct fold *fold)
{
	uint64_t used = accelerators(fold);
	int local = fold->box.header.local_rank, lowest = used ? __builtin_ctzll(used) : -1;

	if (visible_devices(fold) == 1)
		return 0;
	if (local < 0 || local > 63 || (!(used >> local & 1) && (used & (used - 1))))
		return lowest;
	return local;
}

void
fold_prints_begin(struct fold *fold)
{
	struct fold_prints *prints = fold->prints = calloc(1, sizeof *prints);

	if (!prints) {
		fold_fail(fold, "not enough memory");
		return;
	}
	prints->own = own_accelerator(fold);
}

void
fold_print_signature(struct fold *fold, int64_t id, const struct box_op *op, bool outputs, const uint64_t *words,
		     uint64_t word_count, uint32_t value_count)
{
	uint32_t name_size = 0, overload_size = 0, arguments_size = 0;
	const char *name = box_read_string(&fold->box, op->name, &name_size);
	const char *overload = box_read_string(&fold->box, op->overload, &overload_size);
	const char *arguments = box_read_string(&fold->box, op->argument_names, &arguments_size);
	struct print *print = id > 0 && !fold->failed ? print_add(fold, &fold->prints->signatures, id) : NULL;
	struct tree *row;

	if (!print)
		return;
	print->sharding = false;
	print->signature = fingerprint_signature(name ? name : "", name ? name_size : 0, overload ? overload : "",
						 overload ? overload_size : 0, arguments ? arguments : "",
						 arguments ? arguments_size : 0, outputs, words, word_count, value_count,
						 fold->prints->own);
	row = fold_row(fold, FOLD_SIGNATURE_PRINT);
	tree_integer(row, (int64_t)print->signature.operation);
	tree_integer(row, (int64_t)print->signature.kinds);
	tree_integer(row, (int64_t)print->signature.content);
	tree_integer(row, (int64_t)print->signature.collective);
	fold_row_end(fold, FOLD_SIGNATURE_PRINT, id);
}

void
fold_print_site(struct fold *fold, int64_t id, const struct box_site *site, uint32_t count)
{
	struct print *print = fold->failed ? NULL : print_add(fold, &fold->prints->sites, id);
	struct tree *row;
	struct site_text text = site_begin();

	if (!print)
		return;
	for (uint32_t i = 0; i < count; i++) {
		const struct box_frame *frame = box_read_frame(&fold->box, site->frames[i]);
		uint32_t file_size = 0, function_size = 0;
		const char *file = frame ? box_read_string(&fold->box, frame->file, &file_size) : NULL;
		const char *function = frame ? box_read_string(&fold->box, frame->function, &function_size) : NULL;

		if (!file || !function)
			continue;
		site_add(&text, file, file_size, function, function_size, frame->line);
	}
	*print = (struct print){ .signature.operation = text.print };
	print->sharding = text.class & SITE_SHARDING;
	row = fold_row(fold, FOLD_SITE_PRINT);
	tree_integer(row, (int64_t)text.print);
	tree_integer(row, print->sharding);
	fold_row_end(fold, FOLD_SITE_PRINT, id);
}

static void
block_close(struct fold *fold, struct open_block *block)
{
	if (block->events)
		bytes_add(&fold->prints->done, (const char *)block, sizeof *block);
	if (fold->prints->done.failed)
		fold_fail(fold, "not enough memory");
	block->events = 0;
}

static void
block_write(struct fold *fold, sqlite3_stmt *insert, const struct open_block *block)
{
	sqlite3_bind_int64(insert, 1, block->thread);
	sqlite3_bind_int64(insert, 2, block->step);
	sqlite3_bind_int64(insert, 3, block->number);
	sqlite3_bind_int64(insert, 4, block->first);
	sqlite3_bind_int64(insert, 5, block->last);
	sqlite3_bind_int64(insert, 6, block->first_number);
	sqlite3_bind_int64(insert, 7, (int64_t)block->events);
	sqlite3_bind_int64(insert, 8, (int64_t)block->collectives);
	sqlite3_bind_int64(insert, 9, (int64_t)block->messages);
	sqlite3_bind_int64(insert, 10, (int64_t)block->print.control);
	sqlite3_bind_int64(insert, 11, (int64_t)block->print.kinds);
	sqlite3_bind_int64(insert, 12, (int64_t)block->print.content);
	sqlite3_bind_int64(insert, 13, (int64_t)block->print.collective);
	fold_step(fold, insert);
}

/* The block that an operation of THREAD in STEP goes into; NULL: there are too many threads. */
static struct open_block *
block_open(struct fold *fold, uint32_t thread, const struct pending *event)
{
	struct fold_prints *prints = fold->prints;
	struct open_block *block = NULL;

	for (uint32_t i = 0; i < prints->block_count && !block; i++)
		if (prints->blocks[i].thread == thread)
			block = &prints->blocks[i];
	if (!block) {
		if (prints->block_count == THREADS_MOST)
			return NULL;
		block = &prints->blocks[prints->block_count++];
		*block = (struct open_block){ .thread = thread, .step = -1 };
	}
	if (block->step != event->step || block->events == FINGERPRINT_BLOCK_EVENTS) {
		int64_t number = block->step == event->step ? block->number + 1 : 0;

		block_close(fold, block);
		*block = (struct open_block){ .thread = thread, .step = event->step, .number = number };
	}
	return block;
}

/* What an operation of a kind (event_kind) adds to its block. */
static struct kind_print
kind_print(const struct fold *fold, const struct fold_thread *thread, const struct pending *event, enum phase phase)
{
	const struct print *site = print_get(&fold->prints->sites, event->start->site);
	const struct print *inputs, *outputs;
	struct kind_print print = { .known = true };
	const struct fingerprint_signature *in;

	if (event->start->depth != 0 || (site && site->sharding) ||
	    (thread->chunk->chunk->os_thread != fold->box.header.pid && phase != PHASE_BACKWARD))
		return print;
	inputs = print_get(&fold->prints->signatures, event->signature);
	outputs = print_get(&fold->prints->signatures, event->output_signature);
	if (!inputs)
		return print;
	in = &inputs->signature;
	print.counts = true;
	print.control = fingerprint_mix(in->operation, site ? site->signature.operation : 0);
	print.kinds = fingerprint_mix(print.control, fingerprint_mix(in->kinds, outputs ? outputs->signature.kinds : 0));
	print.content = fingerprint_mix(print.control, fingerprint_mix(in->content, outputs ? outputs->signature.content : 0));
	print.collective = in->collective;
	print.message = in->message || (in->group_size && fold->box.header.world_size > 0 && in->group_size != (uint32_t)fold->box.header.world_size);
	return print;
}

/* That of kind KIND: the same for all its operations. NULL without memory. */
static const struct kind_print *
kind_print_of(struct fold *fold, const struct fold_thread *thread, const struct pending *event, enum phase phase, int64_t kind)
{
	struct fold_prints *prints = fold->prints;

	if (kind >= prints->kind_room) {
		int64_t room = kind * 2 + 1024;
		struct kind_print *grown = realloc(prints->kinds, (size_t)room * sizeof *grown);

		if (!grown) {
			fold_fail(fold, "not enough memory");
			return NULL;
		}
		memset(grown + prints->kind_room, 0, (size_t)(room - prints->kind_room) * sizeof *grown);
		prints->kinds = grown;
		prints->kind_room = room;
	}
	if (!prints->kinds[kind].known)
		prints->kinds[kind] = kind_print(fold, thread, event, phase);
	return &prints->kinds[kind];
}

void
fold_print_event(struct fold *fold, const struct fold_thread *thread, const struct pending *event, enum phase phase, int64_t kind)
{
	const struct kind_print *print = kind_print_of(fold, thread, event, phase, kind);
	struct open_block *block = print && print->counts ? block_open(fold, thread->number, event) : NULL;

	if (!block)
		return;
	if (block->events++ == 0) {
		block->first = event->id;
		block->first_number = event->number;
	}
	block->last = event->id;
	block->print.control = fingerprint_join(block->print.control, print->control, 1);
	block->print.kinds = fingerprint_join(block->print.kinds, print->kinds, 1);
	block->print.content = fingerprint_join(block->print.content, print->content, 1);
	block->messages += print->message;
	if (print->collective) {
		block->print.collective = fingerprint_join(block->print.collective, print->collective, 1);
		block->collectives++;
	}
}

void
fold_prints_end(struct fold *fold)
{
	struct fold_prints *prints = fold->prints;
	const struct open_block *blocks;
	sqlite3_stmt *insert;

	if (!prints)
		return;
	for (uint32_t i = 0; i < prints->block_count; i++)
		block_close(fold, &prints->blocks[i]);
	insert = fold_prepare(fold, "INSERT INTO block VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)");
	blocks = (const struct open_block *)prints->done.data;
	for (size_t i = 0; i < prints->done.size_bytes / sizeof *blocks && !fold->failed; i++)
		block_write(fold, insert, &blocks[i]);
	sqlite3_finalize(insert);
	bytes_free(&prints->done);
	prints_free(&prints->signatures);
	prints_free(&prints->sites);
	free(prints->kinds);
	free(prints);
	fold->prints = NULL;
}
