/* Who made a tensor, who used it first, which forward a backward node belongs to: from the newest part that may say so to older ones. */
#include <stdlib.h>
#include <string.h>

#include "trace_parts.h"

#define NODES_PER_OPERATION 64 /* how far back an operation's own number may lie from its last node's */

/* Is EVENT what is looked for? */
typedef bool event_test(struct reader *reader, const struct part_event *event, int64_t key);

static int
id_find(const int64_t *ids, uint32_t count, int64_t tensor)
{
	for (uint32_t i = 0; i < count; i++)
		if (ids[i] == tensor)
			return (int)i;
	return -1;
}

static bool
makes(struct reader *reader, const struct part_event *event, int64_t tensor)
{
	(void)reader;
	return id_find(event->ids + event->inputs, event->outputs, tensor) >= 0;
}

static bool
uses(struct reader *reader, const struct part_event *event, int64_t tensor)
{
	(void)reader;
	return id_find(event->ids, event->inputs, tensor) >= 0;
}

static bool
gives(struct reader *reader, const struct part_event *event, int64_t tensor)
{
	return event->inputs > 1 && event->ids[0] == tensor && event->ids[1] > 0 && event->ids[1] != tensor && reader_gives(reader, event->signature);
}

/* A number is the next node's: the last operation that carries it made the node. Backward's own don't. */
static bool
carries(struct reader *reader, const struct part_event *event, int64_t sequence)
{
	(void)reader;
	return event->sequence == sequence;
}

static bool
part_may_carry(const struct part *part, int64_t sequence)
{
	return part->sequence_low <= sequence && sequence <= part->sequence_high;
}

/* The newest event before BEFORE (-1: of all) that passes TEST, in a part that passes MAY; -1: none. */
static int64_t
newest_find(struct reader *reader, int64_t key, int64_t before, bool (*may)(const struct part *part, int64_t key), event_test *test)
{
	const struct parts *parts = reader_parts(reader);
	uint32_t at = !parts ? 0 : before < 0 ? parts->count : parts_place(parts, before >> PART_SHIFT) + 1;

	for (at = parts && at > parts->count ? parts->count : at; at > 0; at--) {
		const struct part *part = &parts->parts[at - 1];
		const struct part_events *events = may(part, key) ? reader_part(reader, part->number) : NULL;

		for (uint32_t i = events ? events->count : 0; i > 0; i--)
			if ((before < 0 || events->events[i - 1].id < before) && test(reader, &events->events[i - 1], key))
				return events->events[i - 1].id;
	}
	return -1;
}

static int64_t
oldest_use(struct reader *reader, int64_t tensor)
{
	const struct parts *parts = reader_parts(reader);

	for (uint32_t at = 0; parts && at < parts->count; at++) {
		const struct part *part = &parts->parts[at];
		const struct part_events *events = part_may_use(part, tensor) ? reader_part(reader, part->number) : NULL;

		for (uint32_t i = 0; events && i < events->count; i++)
			if (uses(reader, &events->events[i], tensor))
				return events->events[i].id;
	}
	return -1;
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
	int64_t event = reader && tensor > 0 ? newest_find(reader, tensor, before, part_may_make, makes) : -1;

	if (event < 0 || !trace_event(trace, process, event, out))
		return false;
	*output = operand_find(out->outputs, out->output_count, tensor);
	return *output >= 0;
}

bool
trace_replaced(struct trace *trace, int process, int64_t tensor, int64_t before, struct event *out)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t event = reader && tensor > 0 ? newest_find(reader, tensor, before, part_may_make, gives) : -1;

	return event >= 0 && trace_event(trace, process, event, out);
}

bool
trace_first_use(struct trace *trace, int process, int64_t tensor, struct event *out, int *operand)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t event = reader && tensor > 0 ? oldest_use(reader, tensor) : -1;

	if (event < 0 || !trace_event(trace, process, event, out))
		return false;
	*operand = operand_find(out->operands, out->operand_count, tensor);
	return *operand >= 0;
}

bool
trace_met_before(struct trace *trace, int process, int64_t tensor)
{
	struct reader *reader = trace_reader(trace, process);
	const struct parts *parts;

	if (!reader || tensor <= 0 || reader->process.events <= reader->process.events_kept)
		return false;
	parts = reader_parts(reader);
	return parts && tensor < parts->made; /* numbers are given in order, but for the few that a thread takes at once */
}

bool
trace_forward_of(struct trace *trace, int process, int64_t sequence, int64_t before, struct event *out)
{
	struct reader *reader = trace_reader(trace, process);
	int64_t event = -1;

	if (!reader || sequence < 0)
		return false;
	/* One operation may make several nodes (linear: a transpose and a product): it carries the first one's number. */
	for (int64_t back = 0; event < 0 && back < NODES_PER_OPERATION && back <= sequence; back++)
		event = newest_find(reader, sequence - back, before, part_may_carry, carries);
	return event >= 0 && trace_event(trace, process, event, out);
}
