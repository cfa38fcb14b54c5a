#include <stdlib.h>
#include <string.h>

#include "trace_walk.h"

#define BLOCK_EVENTS 65536
#define KINDS_LIMIT (1u << 22)
#define EVENTS_LIMIT (1u << 26)

struct walk_kind { int64_t id, operation, site, first; };
struct walk_event { uint32_t back, kind; }; /* newest id less this one's; index of its kind */

struct walk {
	struct walk_kind *kinds;
	uint32_t kind_count, kind_room;
	struct map places;          /* of kinds whose number isn't their place: id -> index + 1 */
	struct walk_event *events;  /* the newest first */
	uint32_t event_count, event_room;
	int64_t newest, next;       /* ids: of the first; the next to be read lies below */
	bool whole, unfit;          /* all are read; the file can't be read so */
};

void
walk_free(struct walk *walk)
{
	if (!walk)
		return;
	free(walk->kinds);
	free(walk->events);
	map_free(&walk->places);
	free(walk);
}

static bool
grow(void **rows, uint32_t *room, uint32_t limit, size_t size)
{
	uint32_t wanted = *room ? *room * 2 : 4096;
	void *grown = *room < limit ? realloc(*rows, wanted * size) : NULL;

	if (!grown)
		return false;
	*rows = grown;
	*room = wanted;
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

		if (walk->kind_count == walk->kind_room)
			ok = grow((void **)&walk->kinds, &walk->kind_room, KINDS_LIMIT, sizeof *walk->kinds);
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

/* The next block of rows. False: there are none, or not so. */
static bool
block_read(struct reader *reader, struct walk *walk)
{
	sqlite3_stmt *row;
	uint32_t before = walk->event_count;

	if (walk->whole || walk->unfit)
		return false;
	row = reader_prepare(reader, "SELECT id, kind_id FROM event_row WHERE id < ?1 AND id >= 0 ORDER BY id DESC LIMIT ?2");
	sqlite3_bind_int64(row, 1, walk->next);
	sqlite3_bind_int(row, 2, BLOCK_EVENTS);
	while (reader_row(reader, row)) {
		int64_t id = sqlite3_column_int64(row, 0);
		uint32_t kind = kind_at(walk, sqlite3_column_int64(row, 1));

		if (walk->next == INT64_MAX)
			walk->newest = id;
		if (id >= walk->next || walk->newest - id > UINT32_MAX ||
		    (walk->event_count == walk->event_room && !grow((void **)&walk->events, &walk->event_room, EVENTS_LIMIT, sizeof *walk->events))) {
			walk->unfit = true;
			break;
		}
		walk->next = id;
		walk->events[walk->event_count++] = (struct walk_event){ (uint32_t)(walk->newest - id), kind };
	}
	sqlite3_finalize(row);
	walk->whole = walk->event_count - before < BLOCK_EVENTS;
	return !walk->unfit && walk->event_count > before;
}

static struct walk *
walk_of(struct reader *reader)
{
	if (!reader->walk) {
		reader->walk = calloc(1, sizeof *reader->walk);
		if (!reader->walk)
			return NULL;
		reader->walk->next = INT64_MAX;
		reader->walk->unfit = reader->version < VERSION_WITH_ROWS || !kinds_read(reader, reader->walk);
	}
	return reader->walk->unfit ? NULL : reader->walk;
}

/* A byte for each kind: is it admitted? *OLDEST: no event of those that are is older. NULL: none is, or no memory (*OK is false). */
static uint8_t *
choose(const struct walk *walk, bool (*admits)(void *, int64_t, int64_t), void *asker, int64_t *oldest, bool *ok)
{
	uint8_t *chosen = calloc(walk->kind_count + 1ull, 1);
	bool any = false;

	*ok = chosen != NULL;
	*oldest = INT64_MAX;
	for (uint32_t i = 0; chosen && i < walk->kind_count; i++) {
		if (!admits(asker, walk->kinds[i].operation, walk->kinds[i].site))
			continue;
		chosen[i] = 1;
		any = true;
		if (walk->kinds[i].first < *oldest)
			*oldest = walk->kinds[i].first;
	}
	if (!any) {
		free(chosen);
		return NULL;
	}
	return chosen;
}

/* The first place from which on ids are LAST at most. */
static uint32_t
place_of(const struct walk *walk, int64_t last)
{
	uint32_t low = 0, high = walk->event_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (walk->newest - walk->events[middle].back > last)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t
walk_back(struct trace *trace, int process, int64_t first, int64_t last, const char *status, bool (*admits)(void *, int64_t, int64_t), void *asker,
	  bool (*visit)(const struct event *event, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	struct walk *walk = reader ? walk_of(reader) : NULL;
	struct event_scratch scratch = { 0 };
	int64_t oldest, visited = 0;
	bool ok, more = true;
	uint8_t *chosen;
	uint32_t at;

	if (!walk)
		return -1;
	chosen = choose(walk, admits, asker, &oldest, &ok);
	if (!chosen)
		return ok ? 0 : -1;
	first = first > oldest ? first : oldest;
	while (walk->next > last && block_read(reader, walk))
		;
	/* (A visit may ask again, and read on: by place, not by pointer.) */
	for (at = place_of(walk, last); more && (at < walk->event_count || block_read(reader, walk)); at++) {
		struct walk_event row = walk->events[at];
		struct event event;

		if (walk->newest - row.back < first)
			break;
		if (!chosen[row.kind] || !event_load(reader, walk->newest - row.back, &scratch, &event) || (status && strcmp(event.status, status) != 0))
			continue;
		visited++;
		more = visit(&event, context);
	}
	event_scratch_free(&scratch);
	free(chosen);
	return walk->unfit && !visited ? -1 : visited;
}
