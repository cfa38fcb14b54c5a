/* Who made a tensor, who used it first, which forward a backward node belongs to: one scan a process, kept. */
#include <stdlib.h>
#include <string.h>

#include "schema/tensor_blob.h"
#include "trace_internal.h"

#define IDS_LIMIT 131072
#define NODES_PER_OPERATION 64 /* how far back an operation's own number may lie from its last node's */

void
links_free(struct links *links)
{
	map_free(&links->last);
	free(links->links);
	*links = (struct links){ 0 };
}

static bool
links_add(struct links *links, int64_t key, int64_t event)
{
	uint64_t before = map_get(&links->last, key);

	if (before && links->links[before - 1].event == event)
		return true;
	if (links->count == links->room) {
		uint64_t room = links->room ? links->room * 2 : 4096;
		struct link *grown = realloc(links->links, room * sizeof *grown);

		if (!grown)
			return false;
		links->links = grown;
		links->room = room;
	}
	links->links[links->count++] = (struct link){ event, before };
	return map_set(&links->last, key, links->count);
}

/* The newest event of KEY before BEFORE (-1: the newest of all), or -1. */
static int64_t
links_find(const struct links *links, int64_t key, int64_t before)
{
	uint64_t at = map_get(&links->last, key);

	while (at && before >= 0 && links->links[at - 1].event >= before)
		at = links->links[at - 1].before;
	return at ? links->links[at - 1].event : -1;
}

static bool
event_index(struct reader *reader, sqlite3_stmt *row, int64_t *ids)
{
	int64_t event = sqlite3_column_int64(row, 0);
	const char *phase = (const char *)sqlite3_column_text(row, 3);
	size_t inputs, outputs;
	bool ok = true;

	tensor_blob_decode(sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1), ids, IDS_LIMIT, &inputs,
			   &outputs);
	for (size_t i = 0; ok && i < inputs; i++) {
		if (ids[i] > 0 && !map_get(&reader->first_use, ids[i]))
			ok = map_set(&reader->first_use, ids[i], (uint64_t)event + 1);
	}
	for (size_t i = inputs; ok && i < inputs + outputs; i++) {
		bool met = map_get(&reader->first_use, ids[i]) || map_get(&reader->made.last, ids[i]);

		if (!met && ids[i] > 0 && (!reader->made_first || ids[i] < reader->made_first))
			reader->made_first = ids[i];
		if (ids[i] > 0)
			ok = links_add(&reader->made, ids[i], event);
	}
	if (ok && inputs > 1 && ids[0] > 0 && ids[1] > 0 && ids[0] != ids[1] && sqlite3_column_int(row, 4))
		ok = links_add(&reader->replaced, ids[0], event);
	/* A number is the next node's: the last operation that carries it made the node. Backward's own don't. */
	if (ok && sqlite3_column_type(row, 2) != SQLITE_NULL && phase && strcmp(phase, "backward") != 0)
		ok = links_add(&reader->forward, sqlite3_column_int64(row, 2), event);
	return ok;
}

static void
reader_index(struct reader *reader)
{
	sqlite3_stmt *rows;
	int64_t *ids;

	if (reader->indexed)
		return;
	reader->indexed = true;
	ids = malloc(IDS_LIMIT * sizeof *ids);
	/* Variable::set_data asks _has_compatible_shallow_copy_type(self, new_data) first (torch/csrc/autograd/variable.cpp). */
	rows = reader_prepare(reader, "SELECT id, tensors, sequence, phase, signature_id IN (SELECT s.id FROM signature s "
				      "JOIN operation o ON o.id = s.operation_id WHERE NOT s.is_output "
				      "AND o.name = 'aten::_has_compatible_shallow_copy_type') FROM event ORDER BY id");
	while (ids && reader_row(reader, rows)) {
		if (!event_index(reader, rows, ids)) {
			reader_degrade(reader, "memory", 1, "not enough memory to follow every tensor");
			break;
		}
	}
	sqlite3_finalize(rows);
	free(ids);
}

static int
operand_find(const struct operand *operands, int count, int64_t tensor)
{
	for (int i = 0; i < count; i++) {
		if (operands[i].tensor == tensor)
			return i;
	}
	return -1;
}

bool
trace_maker(struct trace *trace, int process, int64_t tensor, int64_t before, struct event *out, int *output)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t event;

	if (!reader || tensor <= 0)
		return false;
	reader_index(reader);
	event = links_find(&reader->made, tensor, before);
	if (event < 0 || !trace_event(trace, process, event, out))
		return false;
	*output = operand_find(out->outputs, out->output_count, tensor);
	return *output >= 0;
}

bool
trace_replaced(struct trace *trace, int process, int64_t tensor, int64_t before, struct event *out)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t event;

	if (!reader || tensor <= 0)
		return false;
	reader_index(reader);
	event = links_find(&reader->replaced, tensor, before);
	return event >= 0 && trace_event(trace, process, event, out);
}

bool
trace_first_use(struct trace *trace, int process, int64_t tensor, struct event *out, int *operand)
{
	struct reader *reader = trace_reader(trace, process);
	uint64_t event;

	if (!reader || tensor <= 0)
		return false;
	reader_index(reader);
	event = map_get(&reader->first_use, tensor);
	if (!event || !trace_event(trace, process, (int64_t)(event - 1), out))
		return false;
	*operand = operand_find(out->operands, out->operand_count, tensor);
	return *operand >= 0;
}

bool
trace_met_before(struct trace *trace, int process, int64_t tensor)
{
	struct reader *reader = trace_reader(trace, process);

	if (!reader || tensor <= 0 || reader->process.events <= reader->process.events_kept)
		return false;
	reader_index(reader);
	return tensor < reader->made_first; /* numbers are given in order, but for the few that a thread takes at once */
}

bool
trace_forward_of(struct trace *trace, int process, int64_t sequence, int64_t before, struct event *out)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t event = -1;

	if (!reader || sequence < 0)
		return false;
	reader_index(reader);
	/* One operation may make several nodes (linear: a transpose and a product): it carries the first one's number. */
	for (int64_t back = 0; event < 0 && back < NODES_PER_OPERATION && back <= sequence; back++)
		event = links_find(&reader->forward, sequence - back, before);
	return event >= 0 && trace_event(trace, process, event, out);
}
