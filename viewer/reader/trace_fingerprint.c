#include "trace_fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "../../schema/fingerprint.h"
#include "trace_internal.h"

#define BLOCKS_LIMIT 4000000

static bool
has_table(struct reader *reader, const char *name)
{
	sqlite3_stmt *row = reader_prepare(reader, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
	bool has;

	sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
	has = reader_row(reader, row);

	sqlite3_finalize(row);
	return has;
}

static void
block_read(sqlite3_stmt *row, struct block *out)
{
	*out = (struct block){
		.thread = sqlite3_column_int(row, 0),
		.step = sqlite3_column_int64(row, 1),
		.number = sqlite3_column_int64(row, 2),
		.first = sqlite3_column_int64(row, 3),
		.last = sqlite3_column_int64(row, 4),
		.first_number = sqlite3_column_int64(row, 5),
		.events = sqlite3_column_int64(row, 6),
		.collectives = sqlite3_column_int64(row, 7),
		.messages = sqlite3_column_int64(row, 8),
		.control = (uint64_t)sqlite3_column_int64(row, 9),
		.kinds = (uint64_t)sqlite3_column_int64(row, 10),
		.content = (uint64_t)sqlite3_column_int64(row, 11),
		.collective = (uint64_t)sqlite3_column_int64(row, 12),
	};
}

int64_t
trace_blocks(struct trace *trace, int process, struct block **out)
{
	struct reader *reader = trace_reader(trace, process);
	struct block *blocks = NULL, *grown;
	int64_t count = 0, room = 0;
	int streams = 0;
	sqlite3_stmt *row;

	*out = NULL;
	if (!reader || !has_table(reader, "block"))
		return -1;
	row = reader_prepare(reader,
		"SELECT b.thread_id, b.step, b.number, b.first_event, b.last_event, b.first_number, b.events, b.collectives, "
		"b.messages, b.control, b.kinds, b.content, b.collective, t.os_thread IS (SELECT pid FROM process) AS main "
		"FROM block b JOIN thread t ON t.id = b.thread_id ORDER BY main DESC, b.thread_id, b.step, b.number");
	while (count < BLOCKS_LIMIT && reader_row(reader, row)) {
		if (count == room) {
			room = room ? room * 2 : 256;
			grown = realloc(blocks, (size_t)room * sizeof *grown);
			if (!grown)
				break;
			blocks = grown;
		}
		block_read(row, &blocks[count]);
		if (sqlite3_column_int(row, 13) == 0 && (count == 0 || blocks[count - 1].thread != blocks[count].thread))
			streams++;
		blocks[count++].stream = streams;
	}
	sqlite3_finalize(row);
	*out = blocks;
	return count;
}

#define STEPS_LIMIT 1000000    /* of a hostile file */
#define STEPS_WIDTH (1ll << 40)

/* Does RANGE follow on those before it, of which FIRST is the first? */
static bool
range_follows(const struct step_range *range, const struct step_range *first, int64_t count)
{
	return count == 0 ? range->first == 0 && range->steps <= STEPS_WIDTH
			  : range->first == first->steps * count && range->steps <= first->steps;
}

int64_t
trace_steps(struct trace *trace, int process, struct step_range **out)
{
	struct reader *reader = trace_reader(trace, process);
	struct step_range *list = NULL, *grown;
	int64_t count = 0, room = 0;
	sqlite3_stmt *row;

	*out = NULL;
	if (!reader || !has_table(reader, "step_print"))
		return -1;
	row = reader_prepare(reader, "SELECT first_step, steps, operations, control, once, rest, collectives, collective "
				     "FROM step_print WHERE steps > 0 ORDER BY first_step");
	while (count < STEPS_LIMIT && reader_row(reader, row)) {
		if (count == room) {
			room = room ? room * 2 : 64;
			grown = realloc(list, (size_t)room * sizeof *grown);
			if (!grown)
				break;
			list = grown;
		}
		list[count] = (struct step_range){ sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
			{ (uint64_t)sqlite3_column_int64(row, 2), (uint64_t)sqlite3_column_int64(row, 3),
			  (uint64_t)sqlite3_column_int64(row, 4), (uint64_t)sqlite3_column_int64(row, 5),
			  (uint64_t)sqlite3_column_int64(row, 6), (uint64_t)sqlite3_column_int64(row, 7) } };
		if (!range_follows(&list[count], list, count))
			break;
		count++;
		reader->ticks = 0;
	}
	sqlite3_finalize(row);
	*out = list;
	return count ? count : -1;
}

static bool
column_is(sqlite3_stmt *row, int column, const char *wanted)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return text && strcmp(text, wanted) == 0;
}

static enum brief_phase
brief_phase(sqlite3_stmt *row, int column)
{
	return column_is(row, column, "forward")     ? BRIEF_FORWARD
	       : column_is(row, column, "backward")  ? BRIEF_BACKWARD
	       : column_is(row, column, "optimizer") ? BRIEF_OPTIMIZER
						     : BRIEF_OTHER;
}

static int64_t
integer_or_none(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, column);
}

static void
brief_read(sqlite3_stmt *row, struct brief *out)
{
	uint64_t control = fingerprint_mix((uint64_t)sqlite3_column_int64(row, 8), (uint64_t)sqlite3_column_int64(row, 11));
	uint64_t kinds = fingerprint_mix((uint64_t)sqlite3_column_int64(row, 9), (uint64_t)sqlite3_column_int64(row, 12));
	uint64_t content = fingerprint_mix((uint64_t)sqlite3_column_int64(row, 10), (uint64_t)sqlite3_column_int64(row, 13));

	*out = (struct brief){
		.id = sqlite3_column_int64(row, 0),
		.step = sqlite3_column_int64(row, 1),
		.number = sqlite3_column_int64(row, 2),
		.phase = brief_phase(row, 3),
		.failed = column_is(row, 4, "failed"),
		.open = column_is(row, 4, "open"),
		.signature = sqlite3_column_int64(row, 5),
		.output = integer_or_none(row, 6),
		.site = integer_or_none(row, 7),
		.control = control,
		.kinds = fingerprint_mix(control, kinds),
		.content = fingerprint_mix(control, content),
		.collective = (uint64_t)sqlite3_column_int64(row, 14),
	};
}

void
trace_each_brief(struct trace *trace, int process, int thread, int64_t first, int64_t last,
		 bool (*visit)(const struct brief *brief, void *context), void *context)
{
	struct reader *reader = trace_reader(trace, process);
	struct brief brief;
	sqlite3_stmt *row;
	bool more = true;

	if (!reader)
		return;
	/* The same choice as in schema/fold_fingerprint.c. */
	row = reader_prepare(reader,
		"SELECT e.id, e.step, e.number, e.phase, e.status, e.signature_id, e.output_signature_id, e.site_id, "
		"i.operation, i.kinds, i.content, coalesce(s.print, 0), coalesce(o.kinds, 0), coalesce(o.content, 0), i.collective "
		"FROM event e CROSS JOIN signature_print i ON i.signature_id = e.signature_id "
		"LEFT JOIN signature_print o ON o.signature_id = e.output_signature_id "
		"LEFT JOIN site_print s ON s.site_id = e.site_id "
		"WHERE e.id BETWEEN ?1 AND ?2 AND e.thread_id = ?3 AND e.depth = 0 AND coalesce(s.sharding, 0) = 0 "
		"AND (e.phase = 'backward' OR (SELECT os_thread FROM thread WHERE id = ?3) IS (SELECT pid FROM process)) ORDER BY e.id");
	sqlite3_bind_int64(row, 1, first);
	sqlite3_bind_int64(row, 2, last);
	sqlite3_bind_int(row, 3, thread);
	while (more && reader_row(reader, row)) {
		brief_read(row, &brief);
		more = visit(&brief, context);
		reader->ticks = 0;
	}
	sqlite3_finalize(row);
}

/* "[2,3]" behind a count of its numbers; -1 for anything else. Returns how many numbers were written. */
static int
sizes_add(const char *text, int64_t *out, int room)
{
	int count = 0;
	char *end;

	if (room < 1)
		return 0;
	out[0] = -1;
	if (!text || *text++ != '[')
		return 1;
	while (*text != ']' && 1 + count < room) {
		out[1 + count] = strtoll(text, &end, 10);
		if (end == text)
			return 1;
		count++;
		text = *end == ',' ? end + 1 : end;
	}
	out[0] = count;
	return 1 + count;
}

int
trace_sizes(struct trace *trace, int process, int64_t id, int64_t *out, int room)
{
	struct reader *reader = trace_reader(trace, process);
	sqlite3_stmt *row;
	int count = 0;

	if (!reader || id < 0)
		return 0;
	row = reader_prepare(reader, "SELECT shape FROM signature_operand WHERE signature_id = ? AND kind = 'tensor' ORDER BY slot");
	sqlite3_bind_int64(row, 1, id);
	while (count < room && reader_row(reader, row))
		count += sizes_add((const char *)sqlite3_column_text(row, 0), out + count, room - count);
	sqlite3_finalize(row);
	return count;
}

int64_t
trace_gradients(struct trace *trace, int process, int64_t first, int64_t last)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t count = 0;
	sqlite3_stmt *row;

	if (!reader)
		return 0;
	row = reader_prepare(reader, "SELECT count(*) FROM scope WHERE kind = 'backward' AND name LIKE '%AccumulateGrad' "
				     "AND start_ns >= (SELECT start_ns FROM event WHERE id = ?1) "
				     "AND start_ns <= (SELECT start_ns + coalesce(duration_ns, 0) FROM event WHERE id = ?2)");
	sqlite3_bind_int64(row, 1, first);
	sqlite3_bind_int64(row, 2, last);
	if (reader_row(reader, row))
		count = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return count;
}

int64_t
trace_collectives(struct trace *trace, int process, int64_t step)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t count = 0;
	sqlite3_stmt *row;

	if (!reader || !has_table(reader, "block"))
		return 0;
	row = reader_prepare(reader, "SELECT sum(collectives) FROM block WHERE step = ?");
	sqlite3_bind_int64(row, 1, step);
	if (reader_row(reader, row))
		count = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return count;
}

void
trace_rest(struct trace *trace, int process)
{
	struct reader *reader = trace_reader(trace, process);

	if (reader)
		reader_rest(reader);
}
