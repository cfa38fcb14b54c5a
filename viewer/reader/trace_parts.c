#include "trace_parts.h"

#include <stdlib.h>
#include <string.h>

#include "../../schema/tensor_blob.h"

#define IDS_LIMIT 131072
#define PARTS_KEPT 32

struct reader_parts {
	struct parts parts;
	bool asked, told, whole;    /* the file was asked; it said so; all operations were read */
	bool giving_known;
	struct map giving;          /* signatures of PART_GIVING */
	struct part_events kept[PARTS_KEPT];
	uint64_t uses;
	sqlite3_stmt *one;          /* reads a part */
	int64_t *ids;               /* IDS_LIMIT, while an operation is read */
};

static struct reader_parts *
parts_of(struct reader *reader)
{
	if (!reader->parts) {
		reader->parts = calloc(1, sizeof *reader->parts);
		if (reader->parts && !(reader->parts->ids = malloc(IDS_LIMIT * sizeof *reader->parts->ids))) {
			free(reader->parts);
			reader->parts = NULL;
		}
	}
	if (!reader->parts)
		reader_degrade(reader, "memory", 1, "not enough memory to follow every tensor");
	return reader->parts;
}

/* A row of event_part. False: what it says can't be. */
static bool
told_read(struct parts *parts, sqlite3_stmt *row)
{
	size_t size = (size_t)sqlite3_column_bytes(row, 7), inputs, outputs;
	int64_t number = sqlite3_column_int64(row, 0);
	struct part *part = number >= 0 && number <= INT64_MAX >> PART_SHIFT ? parts_part(parts, number) : NULL;

	size_t room = size < PARTS_AGAIN_MOST - parts->again_total ? size : PARTS_AGAIN_MOST - parts->again_total; /* (one takes a byte at least) */
	int64_t *fitting;

	if (!part || part->again || sqlite3_column_bytes(row, 8) != PART_SITES_BYTES)
		return false;
	part->begin = sqlite3_column_int64(row, 1);
	part->met = sqlite3_column_int64(row, 2);
	part->made = reader_number(row, 3, 0);
	part->sequence_low = reader_number(row, 4, INT64_MAX);
	part->sequence_high = reader_number(row, 5, -1);
	part->unwell = (uint32_t)sqlite3_column_int64(row, 6);
	memcpy(part->sites, sqlite3_column_blob(row, 8), PART_SITES_BYTES);
	part->again = room ? malloc(room * sizeof *part->again) : NULL;
	if (size && (!part->again || !tensor_blob_decode(sqlite3_column_blob(row, 7), size, part->again, room, &inputs, &outputs) || inputs))
		return false;
	part->again_count = size ? (uint32_t)outputs : 0;
	parts->again_total += part->again_count;
	fitting = part->again_count ? realloc(part->again, part->again_count * sizeof *fitting) : NULL;
	part->again = fitting ? fitting : part->again;
	if (part->made && (!parts->made || part->made < parts->made))
		parts->made = part->made;
	return true;
}

const struct parts *
reader_parts_told(struct reader *reader)
{
	struct reader_parts *all = parts_of(reader);
	sqlite3_stmt *rows;

	if (!all)
		return NULL;
	if (!all->asked) {
		all->asked = all->told = true;
		all->parts.sites = true;
		rows = reader_prepare(reader, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'event_part'");
		all->told = reader_row(reader, rows);
		sqlite3_finalize(rows);
		rows = all->told ? reader_prepare(reader, "SELECT number, begin_tensor, met_tensor, made_tensor, sequence_low, sequence_high, unwell, again, "
							  "sites FROM event_part ORDER BY number")
				 : NULL;
		while (all->told && reader_row(reader, rows))
			all->told = told_read(&all->parts, rows);
		sqlite3_finalize(rows);
		parts_sort(&all->parts);
		all->told = all->told && all->parts.count;
		if (!all->told)
			parts_free(&all->parts);
	}
	return all->told ? &all->parts : NULL;
}

#define PART_COLUMNS "SELECT id, tensors, sequence, phase, signature_id FROM event "

/* A row of PART_COLUMNS. */
static struct part_event
event_read(sqlite3_stmt *row, int64_t *ids)
{
	const char *phase = (const char *)sqlite3_column_text(row, 3);
	bool forward = phase && strcmp(phase, "backward") != 0;
	size_t inputs, outputs;

	tensor_blob_decode(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1), ids, IDS_LIMIT, &inputs, &outputs);
	return (struct part_event){ .id = sqlite3_column_int64(row, 0), .signature = sqlite3_column_int64(row, 4),
				    .sequence = forward ? reader_number(row, 2, -1) : -1, .ids = ids, .inputs = (uint32_t)inputs, .outputs = (uint32_t)outputs };
}

const struct parts *
reader_parts(struct reader *reader)
{
	const struct parts *told = reader_parts_told(reader);
	struct reader_parts *all = reader->parts;
	sqlite3_stmt *rows;

	if (told || !all)
		return told;
	if (all->whole)
		return &all->parts;
	all->whole = true;
	rows = reader_prepare(reader, PART_COLUMNS "ORDER BY id");
	while (reader_row(reader, rows)) {
		struct part_event event = event_read(rows, all->ids);
		const struct part_row row = { .event = event.id, .site = -1, .sequence = event.sequence, .gives = reader_gives(reader, event.signature),
					      .ids = event.ids, .inputs = event.inputs, .outputs = event.outputs };

		if (!parts_add(&all->parts, &row)) {
			reader_degrade(reader, "memory", 1, "not enough memory to follow every tensor");
			break;
		}
	}
	sqlite3_finalize(rows);
	parts_sort(&all->parts);
	return &all->parts;
}

bool
reader_gives(struct reader *reader, int64_t signature)
{
	struct reader_parts *all = parts_of(reader);
	sqlite3_stmt *rows;

	if (!all)
		return false;
	if (!all->giving_known) {
		all->giving_known = true;
		rows = reader_prepare(reader, "SELECT s.id FROM signature s JOIN operation o ON o.id = s.operation_id WHERE NOT s.is_output "
					      "AND o.name = '" PART_GIVING "'");
		while (reader_row(reader, rows))
			map_set(&all->giving, sqlite3_column_int64(rows, 0), 1);
		sqlite3_finalize(rows);
	}
	return all->giving.count && map_get(&all->giving, signature);
}

static bool
event_keep(struct part_events *part, const struct part_event *event)
{
	size_t count = (size_t)event->inputs + event->outputs;

	if (part->count == part->room) {
		uint32_t room = part->room ? part->room * 2 : 1024;
		struct part_event *grown = realloc(part->events, room * sizeof *grown);

		if (!grown)
			return false;
		part->events = grown;
		part->room = room;
	}
	if (part->id_count + count > part->id_room) {
		size_t room = 2 * part->id_room + count + 4096;
		int64_t *grown = realloc(part->ids, room * sizeof *grown);

		if (!grown)
			return false;
		part->ids = grown;
		part->id_room = room;
	}
	if (count)
		memcpy(part->ids + part->id_count, event->ids, count * sizeof *part->ids);
	part->id_count += count;
	part->events[part->count++] = *event;
	return true;
}

static bool
part_read(struct reader *reader, struct part_events *part, int64_t number)
{
	struct reader_parts *all = reader->parts;
	bool ok = true;

	part->number = number;
	part->count = 0;
	part->id_count = 0;
	if (!all->one)
		all->one = reader_prepare(reader, PART_COLUMNS "WHERE id >= ?1 AND id <= ?2 ORDER BY id");
	if (!all->one)
		return false;
	reader->ticks = 0;
	sqlite3_bind_int64(all->one, 1, number << PART_SHIFT);
	sqlite3_bind_int64(all->one, 2, number << PART_SHIFT | (PART_EVENTS - 1));
	while (ok && reader_row(reader, all->one)) {
		struct part_event event = event_read(all->one, all->ids);

		ok = event_keep(part, &event);
	}
	sqlite3_reset(all->one);
	for (size_t i = 0, at = 0; i < part->count; at += (size_t)part->events[i].inputs + part->events[i].outputs, i++)
		part->events[i].ids = part->ids + at;
	if (!ok)
		reader_degrade(reader, "memory", 1, "not enough memory to follow every tensor");
	return ok;
}

const struct part_events *
reader_part(struct reader *reader, int64_t number)
{
	struct reader_parts *all = parts_of(reader);
	struct part_events *oldest;

	if (!all)
		return NULL;
	oldest = &all->kept[0];
	for (int i = 0; i < PARTS_KEPT; i++) {
		if (all->kept[i].used && all->kept[i].number == number) {
			all->kept[i].used = ++all->uses;
			return &all->kept[i];
		}
		if (all->kept[i].used < oldest->used)
			oldest = &all->kept[i];
	}
	oldest->used = part_read(reader, oldest, number) ? ++all->uses : 0;
	return oldest->used ? oldest : NULL;
}

void
reader_parts_rest(struct reader *reader)
{
	if (reader->parts) {
		sqlite3_finalize(reader->parts->one);
		reader->parts->one = NULL;
	}
}

void
reader_parts_free(struct reader *reader)
{
	struct reader_parts *all = reader->parts;

	if (!all)
		return;
	reader_parts_rest(reader);
	parts_free(&all->parts);
	map_free(&all->giving);
	for (int i = 0; i < PARTS_KEPT; i++) {
		free(all->kept[i].events);
		free(all->kept[i].ids);
	}
	free(all->ids);
	free(all);
	reader->parts = NULL;
}
