#include "box_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many ticks a nanosecond that 64 ns are the least that a record can tell, whatever BOX_TICK_SHIFT is. */
#define RATE (1u << (BOX_TICK_SHIFT - 6))

static void *
grow(struct maker_bytes *bytes, size_t more)
{
	void *at;

	if (bytes->size + more > bytes->room) {
		bytes->room = (bytes->size + more) * 2 + 64;
		bytes->data = realloc(bytes->data, bytes->room);
		if (!bytes->data)
			abort();
	}
	at = bytes->data + bytes->size;
	memset(at, 0, more);
	bytes->size += more;
	return at;
}

void
box_maker_begin(struct box_maker *maker)
{
	struct box_header *header = &maker->header;

	memset(maker, 0, sizeof *maker);
	memcpy(header->magic, BOX_MAGIC, 8);
	header->version = BOX_VERSION;
	header->header_bytes = BOX_HEADER_BYTES;
	header->chunk_bytes = MAKER_CHUNK_BYTES;
	header->note_bytes = MAKER_NOTE_BYTES;
	header->note_count = MAKER_NOTES;
	header->pid = 4711;
	header->parent_pid = 1;
	header->rank = header->local_rank = header->world_size = -1;
	header->record_depth = 1;
	header->start_unix_ns = MAKER_START_NS;
	header->start_ticks = MAKER_START_TICKS;
	header->ticks_per_ns = RATE;
	strcpy(header->host, "testhost");
	strcpy(header->torch_version, "2.13.0");
	strcpy(header->python_version, "3.11.7");
	header->state = BOX_STATE_EXITED;
	header->exit_status = 0;
	header->end_unix_ns = MAKER_START_NS + 1000000000;
	header->next_tensor = 1;
	memset(header->checks, BOX_CHECK_OK, sizeof header->checks);
	grow(&maker->regions[BOX_STRINGS], 8);
	grow(&maker->regions[BOX_SIGNATURES], 16);
	grow(&maker->regions[BOX_SITES], sizeof(struct box_site));
	grow(&maker->regions[BOX_NOTES], MAKER_NOTES * MAKER_NOTE_BYTES);
}

void
box_maker_free(struct box_maker *maker)
{
	for (int i = 0; i < BOX_CHUNKS; i++)
		free(maker->regions[i].data);
	free(maker->chunks.data);
	memset(maker, 0, sizeof *maker);
}

bool
box_maker_write(struct box_maker *maker, const char *path)
{
	struct box_header *header = &maker->header;
	uint64_t offset = BOX_HEADER_BYTES;
	uint8_t blank[BOX_HEADER_BYTES] = { 0 };
	FILE *file = fopen(path, "wb");
	bool ok;

	if (!file)
		return false;
	for (int i = 0; i < BOX_REGION_COUNT; i++) {
		struct maker_bytes *bytes = i == BOX_CHUNKS ? &maker->chunks : &maker->regions[i];

		if (header->regions[i].size_bytes == 0)
			header->regions[i].size_bytes = (bytes->size + 4095) & ~4095ull;
		header->regions[i].offset_bytes = offset;
		if ((i < BOX_TENSORS || i == BOX_CHANGES || i == BOX_HISTORY || i == BOX_VARIED) && header->regions[i].used_bytes == 0)
			header->regions[i].used_bytes = bytes->size;
		offset += (bytes->size + 4095) & ~4095ull;
	}
	header->file_bytes = offset;
	header->chunk_count = (uint32_t)(maker->chunks.size / MAKER_CHUNK_BYTES);
	memcpy(blank, header, sizeof *header);
	ok = fwrite(blank, sizeof blank, 1, file) == 1;
	memset(blank, 0, sizeof blank);
	for (int i = 0; i < BOX_REGION_COUNT; i++) {
		struct maker_bytes *bytes = i == BOX_CHUNKS ? &maker->chunks : &maker->regions[i];
		size_t pad = ((bytes->size + 4095) & ~4095ull) - bytes->size;

		ok = ok && fwrite(bytes->data ? bytes->data : blank, 1, bytes->size, file) == bytes->size &&
		     fwrite(blank, 1, pad, file) == pad;
	}
	return fclose(file) == 0 && ok;
}

uint32_t
box_maker_string(struct box_maker *maker, const char *text)
{
	struct maker_bytes *bytes = &maker->regions[BOX_STRINGS];
	uint32_t reference = (uint32_t)bytes->size, size = (uint32_t)strlen(text);
	struct box_string *string;

	if (size == 0)
		return 0;
	string = grow(bytes, (sizeof *string + size + 1 + 3) & ~3u);
	string->size_bytes = size;
	memcpy(string->text, text, size);
	return reference;
}

uint32_t
box_maker_op(struct box_maker *maker, const char *name, const char *overload, const char *arguments)
{
	uint32_t s[3] = { box_maker_string(maker, name), box_maker_string(maker, overload),
			  box_maker_string(maker, arguments) };
	struct box_op *op = grow(&maker->regions[BOX_OPS], sizeof *op);

	op->name = s[0];
	op->overload = s[1];
	op->argument_names = s[2];
	return maker->header.op_count++;
}

uint32_t
box_maker_frame(struct box_maker *maker, const char *file, const char *function, int line)
{
	uint32_t s[2] = { box_maker_string(maker, file), box_maker_string(maker, function) };
	struct box_frame *frame = grow(&maker->regions[BOX_FRAMES], sizeof *frame);

	*frame = (struct box_frame){ s[0], s[1], line, line > 5 ? line - 5 : 1 };
	return maker->header.frame_count++;
}

uint32_t
box_maker_site(struct box_maker *maker, const uint32_t *frames, int count)
{
	struct maker_bytes *bytes = &maker->regions[BOX_SITES];
	uint32_t reference = (uint32_t)(bytes->size / 8);
	struct box_site *site = grow(bytes, (sizeof *site + 4 * (size_t)count + 7) & ~7u);

	site->frame_count = site->inner_count = (uint16_t)count;
	memcpy(site->frames, frames, 4 * (size_t)count);
	return reference;
}

uint32_t
box_maker_signature(struct box_maker *maker, uint32_t op, bool outputs, const struct maker_words *words)
{
	struct maker_bytes *bytes = &maker->regions[BOX_SIGNATURES];
	uint32_t reference = (uint32_t)(bytes->size / 8);
	struct box_signature *signature = grow(bytes, sizeof *signature + 8 * (size_t)words->count);

	signature->word_count = words->count;
	signature->op = op;
	signature->flags = outputs ? BOX_SIGNATURE_OUTPUT : 0;
	signature->value_count = words->values;
	memcpy(signature->words, words->at, 8 * (size_t)words->count);
	return reference;
}

void
box_maker_tensor(struct box_maker *maker, uint64_t tensor, uint32_t op, uint32_t signature, uint32_t site, bool entered)
{
	struct box_tensor *entry = grow(&maker->regions[BOX_TENSORS], sizeof *entry);

	*entry = (struct box_tensor){ .tensor = tensor, .number = tensor, .maker = { signature, site, 0, op },
				      .base.op = BOX_NONE, .flags = entered ? BOX_LIVE_ENTERED : 0 };
}

void
box_maker_base(struct box_maker *maker, uint32_t op, uint32_t signature, uint32_t site, uint32_t flags)
{
	struct maker_bytes *bytes = &maker->regions[BOX_TENSORS];
	struct box_tensor *last = (struct box_tensor *)(void *)(bytes->data + bytes->size) - 1;

	last->base = (struct box_made){ signature, site, 0, op };
	last->flags |= flags;
}

void
box_maker_note(struct box_maker *maker, uint32_t slot, enum box_note_kind kind, uint32_t thread, uint64_t event,
	       uint64_t events_before, const char *json)
{
	struct box_note *note = (void *)(maker->regions[BOX_NOTES].data + (size_t)slot * MAKER_NOTE_BYTES);

	note->kind = kind;
	note->size_bytes = (uint32_t)strlen(json);
	note->thread = thread;
	note->number = maker->header.next_note++;
	note->unix_ns = MAKER_START_NS + note->number;
	note->event = event;
	note->events_before = events_before;
	memcpy(note->text, json, note->size_bytes);
	note->state = 2;
}

static void
word(struct maker_words *words, uint64_t value)
{
	if (words->count == 512)
		abort();
	words->at[words->count++] = value;
}

static void
value_begin(struct maker_words *words, uint64_t first)
{
	word(words, first);
	if (!words->inside)
		words->values++;
}

void
maker_tensor(struct maker_words *words, int dtype, int device_type, int ndim, const int64_t *sizes)
{
	int64_t stride = 1;

	value_begin(words, BOX_VALUE_TENSOR | (uint64_t)ndim << 8 | (uint64_t)dtype << 16 | (uint64_t)device_type << 24 |
				   (uint64_t)(device_type ? 0 : 0xffff) << 32);
	word(words, 0);
	for (int i = 0; i < ndim; i++)
		word(words, (uint64_t)sizes[i]);
	for (int i = 0; i < ndim; i++) {
		stride = 1;
		for (int j = i + 1; j < ndim; j++)
			stride *= sizes[j];
		word(words, (uint64_t)stride);
	}
}

void
maker_int(struct maker_words *words, int64_t value)
{
	value_begin(words, BOX_VALUE_INT);
	word(words, (uint64_t)value);
}

void
maker_ints(struct maker_words *words, int count, const int64_t *values)
{
	value_begin(words, BOX_VALUE_INTS | (uint64_t)count << 32);
	for (int i = 0; i < count; i++)
		word(words, (uint64_t)values[i]);
}

void
maker_list(struct maker_words *words, int count)
{
	value_begin(words, BOX_VALUE_LIST | (uint64_t)count << 32);
	words->inside = count > 0;
}

void
maker_plain(struct maker_words *words, enum box_value_kind kind)
{
	value_begin(words, kind);
}

void
maker_string(struct maker_words *words, const char *text)
{
	size_t size = strlen(text);

	value_begin(words, BOX_VALUE_STRING | (uint64_t)size << 32);
	for (size_t i = 0; i < size; i += 8) {
		uint64_t part = 0;

		memcpy(&part, text + i, size - i < 8 ? size - i : 8);
		word(words, part);
	}
}

static struct box_chunk *
chunk_of(const struct box_maker *maker)
{
	return (void *)(maker->chunks.data + (size_t)maker->current * MAKER_CHUNK_BYTES);
}

void
box_maker_chunk(struct box_maker *maker, uint32_t thread, uint64_t first_event, uint64_t step, uint64_t ns)
{
	struct box_chunk *chunk;

	maker->current = (uint32_t)(maker->chunks.size / MAKER_CHUNK_BYTES);
	chunk = grow(&maker->chunks, MAKER_CHUNK_BYTES);
	chunk->state = BOX_CHUNK_OPEN;
	chunk->used_bytes = sizeof *chunk;
	chunk->sequence = ++maker->header.next_chunk;
	chunk->thread = thread;
	chunk->os_thread = (int32_t)(5000 + thread);
	chunk->base_ticks = MAKER_START_TICKS + ns * RATE;
	chunk->base_unix_ns = MAKER_START_NS + ns;
	chunk->base_tensor = 1;
	chunk->first_event = first_event;
	chunk->step = step;
	snprintf(chunk->thread_name, sizeof chunk->thread_name, "thread%u", thread);
}

uint32_t
box_maker_room(const struct box_maker *maker)
{
	return MAKER_CHUNK_BYTES - chunk_of(maker)->used_bytes;
}

static void *
record(struct box_maker *maker, uint64_t ns, enum box_record_kind kind, int flags, size_t bytes)
{
	struct box_chunk *chunk = chunk_of(maker);
	struct box_record *at = (void *)((uint8_t *)chunk + chunk->used_bytes);

	if (bytes > box_maker_room(maker))
		abort();
	at->words = (uint16_t)(bytes / 4);
	at->kind = (uint8_t)kind;
	at->flags = (uint8_t)flags;
	at->ticks = (uint32_t)((MAKER_START_TICKS + ns * RATE - chunk->base_ticks) >> BOX_TICK_SHIFT);
	chunk->used_bytes += (uint32_t)bytes;
	return at;
}

void
box_maker_start(struct box_maker *maker, uint64_t ns, uint32_t signature, uint32_t site, uint32_t sequence, int depth,
		int flags, int ids, const uint32_t *id)
{
	struct box_start *start = record(maker, ns, BOX_RECORD_START, flags, sizeof *start + 4 * (size_t)ids);

	start->signature = signature;
	start->site = site;
	start->sequence = sequence;
	start->depth = (uint16_t)depth;
	start->ids = (uint16_t)ids;
	if (ids)
		memcpy(start->id, id, 4 * (size_t)ids);
}

void
box_maker_start_inline(struct box_maker *maker, uint64_t ns, uint32_t op, const struct maker_words *words, int depth,
		       int ids, const uint32_t *id)
{
	struct box_start *start = record(maker, ns, BOX_RECORD_START, BOX_FLAG_INLINE,
					 sizeof *start + 4 * (size_t)ids + 8 + 8 * (size_t)words->count);
	uint32_t counts[2] = { words->values, words->count };

	start->signature = op;
	start->depth = (uint16_t)depth;
	start->ids = (uint16_t)ids;
	if (ids)
		memcpy(start->id, id, 4 * (size_t)ids);
	memcpy(start->id + ids, counts, sizeof counts);
	memcpy(start->id + ids + 2, words->at, 8 * (size_t)words->count);
}

void
box_maker_end(struct box_maker *maker, uint64_t ns, uint32_t signature, int depth, int flags, int ids, const uint32_t *id)
{
	struct box_end *end = record(maker, ns, BOX_RECORD_END, flags, sizeof *end + 4 * (size_t)ids);

	end->signature = signature;
	end->depth = (uint16_t)depth;
	end->ids = (uint16_t)ids;
	if (ids)
		memcpy(end->id, id, 4 * (size_t)ids);
}

void
box_maker_scope(struct box_maker *maker, uint64_t ns, const char *name, enum box_scope scope, uint32_t sequence,
		uint64_t token)
{
	uint32_t string = box_maker_string(maker, name);
	struct box_scope_start *start = record(maker, ns, BOX_RECORD_SCOPE_START, 0, sizeof *start);

	start->name = string;
	start->scope = (uint16_t)scope;
	start->sequence = sequence;
	start->token = token;
}

void
box_maker_scope_end(struct box_maker *maker, uint64_t ns, uint64_t token)
{
	struct box_scope_end *end = record(maker, ns, BOX_RECORD_SCOPE_END, 0, sizeof *end);

	end->token = token;
}

void
box_maker_step(struct box_maker *maker, uint64_t ns, uint64_t step)
{
	struct box_step *record_step = record(maker, ns, BOX_RECORD_STEP, 0, sizeof *record_step);

	record_step->step = step;
	maker->header.step = step;
}
