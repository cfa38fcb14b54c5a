#include <stdlib.h>
#include <string.h>

#include "trace_parts.h"
#include "trace_walk.h"

#define KINDS_LIMIT (1u << 22)
#define EVENTS_LIMIT (1u << 26)

struct walk_kind { int64_t id, operation, site, first; };
enum walk_status { WALK_OK, WALK_FAILED, WALK_OPEN };
struct walk_event { uint32_t kind; uint16_t place /* within its part */; uint8_t status; };
struct walk_part {
	struct walk_part *next;
	int64_t first;              /* id that places count from */
	uint32_t count;
	struct walk_event events[]; /* the newest first */
};

struct walk {
	struct walk_kind *kinds;
	uint32_t kind_count, kind_room;
	struct map places;          /* of kinds whose number isn't their place: id -> index + 1 */
	struct map by_number;       /* parts that were read: number -> struct walk_part * */
	struct walk_part *parts;
	uint32_t event_count;       /* in all of them */
	sqlite3_stmt *one;          /* reads a part, */
	struct walk_part *reading;  /* this one */
	bool unfit;                 /* the file can't be read so */
};

/* What walk_back was asked. */
struct walk_question {
	uint8_t *chosen;            /* a byte for each kind: is it admitted? */
	uint8_t sites[PART_SITES_BYTES]; /* bits of their call sites */
	int64_t oldest;             /* no event of those that are is older */
	const char *status;
};

void
walk_rest(struct walk *walk)
{
	if (walk) {
		sqlite3_finalize(walk->one);
		walk->one = NULL;
	}
}

void
walk_free(struct walk *walk)
{
	if (!walk)
		return;
	walk_rest(walk);
	for (struct walk_part *part = walk->parts, *next; part; part = next) {
		next = part->next;
		free(part);
	}
	free(walk->kinds);
	map_free(&walk->places);
	map_free(&walk->by_number);
	free(walk);
}

static bool
kind_room(struct walk *walk)
{
	uint32_t room = walk->kind_room ? walk->kind_room * 2 : 4096;
	struct walk_kind *grown;

	if (walk->kind_count < walk->kind_room)
		return true;
	grown = room <= KINDS_LIMIT ? realloc(walk->kinds, room * sizeof *grown) : NULL;
	if (!grown)
		return false;
	walk->kinds = grown;
	walk->kind_room = room;
	return true;
}

static bool
kinds_read(struct reader *reader, struct walk *walk)
{
	sqlite3_stmt *row = reader_prepare(reader, reader->version >= VERSION_OPERANDS
						    ? "SELECT k.id, s.operation_id, k.site_id, k.first_event FROM event_kind k "
						      "JOIN signature s ON s.id = k.signature_id ORDER BY k.id"
						    : "SELECT k.id, s.operation_id, k.site_id, -1 FROM event_kind k "
						      "JOIN signature s ON s.id = k.signature_id ORDER BY k.id");
	bool ok = row != NULL;

	while (ok && reader_row(reader, row)) {
		struct walk_kind kind = { sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
					  sqlite3_column_type(row, 2) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3) };

		ok = kind_room(walk);
		if (!ok)
			break;
		walk->kinds[walk->kind_count++] = kind;
		if (kind.id != walk->kind_count)
			map_set(&walk->places, kind.id, walk->kind_count);
	}
	sqlite3_finalize(row);
	return ok;
}

/* The kind called ID, or kind_count. */
static uint32_t
kind_at(const struct walk *walk, int64_t id)
{
	uint64_t place;

	if (id > 0 && id <= walk->kind_count && walk->kinds[id - 1].id == id)
		return (uint32_t)id - 1;
	place = map_get(&walk->places, id);
	return place ? (uint32_t)place - 1 : walk->kind_count;
}

static enum walk_status
status_of(int64_t lasted)
{
	return lasted == -1 ? WALK_OPEN : lasted < 0 ? WALK_FAILED : WALK_OK;
}

/* walk_row(id, kind, lasted): a row of the part that is read, within the query: a step of the statement for each takes twice the time. */
static void
row_add(sqlite3_context *call, int count, sqlite3_value **values)
{
	struct walk *walk = sqlite3_user_data(call);
	struct walk_part *part = walk->reading;
	int64_t place = sqlite3_value_int64(values[0]) - part->first;

	(void)count;
	if (part->count == PART_EVENTS || place < 0 || place >= PART_EVENTS || (part->count && part->events[part->count - 1].place >= place))
		walk->unfit = true;
	else
		part->events[part->count++] = (struct walk_event){ kind_at(walk, sqlite3_value_int64(values[1])), (uint16_t)place,
								   (uint8_t)status_of(sqlite3_value_int64(values[2])) };
}

static void
rows_end(sqlite3_context *call)
{
	(void)call;
}

/* The statement that reads a part; again where the file was let go of. */
static bool
one_prepare(struct reader *reader, struct walk *walk)
{
	if (walk->one)
		return true;
	sqlite3_finalize(reader_prepare(reader, "SELECT 1")); /* opens the file where the reader rests */
	if (reader->db && sqlite3_create_function(reader->db, "walk_row", 3, SQLITE_UTF8 | SQLITE_DIRECTONLY, walk, NULL, row_add, rows_end) == SQLITE_OK)
		walk->one = reader_prepare(reader, reader->version >= VERSION_COMPACT
							   ? "SELECT walk_row(id, kind_id, lasted) FROM event_row WHERE id >= ?1 AND id <= ?2"
							   : "SELECT walk_row(id, kind_id, CASE outcome WHEN 1 THEN -2 WHEN 2 THEN -1 END) FROM event_row "
							     "WHERE id >= ?1 AND id <= ?2");
	return walk->one != NULL;
}

static struct walk_part *
part_read(struct reader *reader, struct walk *walk, int64_t number)
{
	struct walk_part *part = malloc(sizeof *part + PART_EVENTS * sizeof *part->events), *fitting;

	if (!part || walk->event_count > EVENTS_LIMIT || !one_prepare(reader, walk)) {
		free(part);
		return NULL;
	}
	*part = (struct walk_part){ .first = number << PART_SHIFT };
	walk->reading = part;
	reader->ticks = 0;
	sqlite3_bind_int64(walk->one, 1, part->first);
	sqlite3_bind_int64(walk->one, 2, part->first | (PART_EVENTS - 1));
	while (reader_row(reader, walk->one))
		;
	sqlite3_reset(walk->one);
	walk->reading = NULL;
	for (uint32_t i = 0; i < part->count / 2; i++) {
		struct walk_event event = part->events[i];

		part->events[i] = part->events[part->count - 1 - i];
		part->events[part->count - 1 - i] = event;
	}
	fitting = realloc(part, sizeof *part + part->count * sizeof *part->events);
	return fitting ? fitting : part;
}

/* The events of part NUMBER; NULL: they can't be read so. */
static const struct walk_part *
part_at(struct reader *reader, struct walk *walk, int64_t number)
{
	struct walk_part *part = (struct walk_part *)(uintptr_t)map_get(&walk->by_number, number);

	if (part)
		return part;
	part = part_read(reader, walk, number);
	if (!part || walk->unfit || !map_set(&walk->by_number, number, (uintptr_t)part)) {
		free(part);
		walk->unfit = true;
		return NULL;
	}
	part->next = walk->parts;
	walk->parts = part;
	walk->event_count += part->count;
	return part;
}

static struct walk *
walk_of(struct reader *reader)
{
	if (!reader->walk) {
		reader->walk = calloc(1, sizeof *reader->walk);
		if (!reader->walk)
			return NULL;
		reader->walk->unfit = reader->version < VERSION_WITH_ROWS || !kinds_read(reader, reader->walk);
	}
	return reader->walk->unfit ? NULL : reader->walk;
}

/* Which kinds are admitted. False: none is, or no memory (*OK is false). */
static bool
choose(const struct walk *walk, bool (*admits)(void *, int64_t, int64_t), void *asker, struct walk_question *question, bool *ok)
{
	bool any = false;

	question->chosen = calloc(walk->kind_count + 1ull, 1);
	question->oldest = INT64_MAX;
	*ok = question->chosen != NULL;
	for (uint32_t i = 0; question->chosen && i < walk->kind_count; i++) {
		uint32_t bit = part_site(walk->kinds[i].site);

		if (!admits(asker, walk->kinds[i].operation, walk->kinds[i].site))
			continue;
		question->chosen[i] = 1;
		question->sites[bit / 8] |= (uint8_t)(1 << bit % 8);
		any = true;
		if (walk->kinds[i].first < question->oldest)
			question->oldest = walk->kinds[i].first;
	}
	return any;
}

static bool
part_may_have(const struct part *part, const struct walk_question *question)
{
	if (question->status && strcmp(question->status, "ok") != 0 && !part->unwell)
		return false;
	for (int i = 0; i < PART_SITES_BYTES; i++)
		if (part->sites[i] & question->sites[i])
			return true;
	return false;
}

/* The number of the newest part with events up to LAST that may have what is asked for; -1: there is none. */
static int64_t
part_next(struct reader *reader, const struct walk_question *question, int64_t last)
{
	const struct parts *parts = reader_parts_told(reader);
	sqlite3_stmt *row;
	int64_t number = -1;

	if (last < 0)
		return -1;
	if (parts) {
		for (uint32_t at = parts_place(parts, (last >> PART_SHIFT) + 1); at > 0; at--)
			if (part_may_have(&parts->parts[at - 1], question))
				return parts->parts[at - 1].number;
		return -1;
	}
	row = reader_prepare(reader, "SELECT max(id) FROM event_row WHERE id <= ?1 AND id >= 0");
	sqlite3_bind_int64(row, 1, last);
	if (reader_row(reader, row) && sqlite3_column_type(row, 0) != SQLITE_NULL)
		number = sqlite3_column_int64(row, 0) >> PART_SHIFT;
	sqlite3_finalize(row);
	return number;
}

static bool
status_admitted(const char *status, uint8_t of_event)
{
	static const char *const words[] = { "ok", "failed", "open" };

	return !status || (strcmp(status, TRACE_UNWELL) == 0 ? of_event != WALK_OK : strcmp(status, words[of_event]) == 0);
}

int64_t
walk_back(struct trace *trace, int process, const struct event_filter *filter, bool (*admits)(void *, int64_t, int64_t), void *asker,
	  bool (*visit)(const struct event *event, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	struct walk *walk = reader ? walk_of(reader) : NULL;
	struct walk_question question = { .status = filter->status };
	struct event_scratch scratch = { 0 };
	int64_t first, last = filter->last >= 0 ? filter->last : INT64_MAX, number, visited = 0;
	bool ok, more = true;

	if (!walk)
		return -1;
	if (!choose(walk, admits, asker, &question, &ok)) {
		free(question.chosen);
		return ok ? 0 : -1;
	}
	first = filter->first > question.oldest ? filter->first : question.oldest;
	for (; more && last >= first && (number = part_next(reader, &question, last)) >= 0; last = (number << PART_SHIFT) - 1) {
		const struct walk_part *part = part_at(reader, walk, number);

		for (uint32_t i = 0; more && part && i < part->count; i++) {
			uint32_t kind = part->events[i].kind;
			struct event event = { .id = part->first + part->events[i].place };

			if (event.id > last || !question.chosen[kind] || !status_admitted(filter->status, part->events[i].status))
				continue;
			if (event.id < first)
				break;
			if (filter->bare)
				event.site = walk->kinds[kind].site;
			else if (!event_load(reader, event.id, &scratch, &event))
				continue;
			visited++;
			more = visit(&event, context);
		}
		if (!part)
			break;
	}
	event_scratch_free(&scratch);
	free(question.chosen);
	return walk->unfit && !visited ? -1 : visited;
}
