/*
 * Events made one after the other, each with its own operands and lines, for the tests of causes that look back.
 */
#ifndef SHAPEBOX_TESTS_UNIT_CAUSES_EVENTS_H
#define SHAPEBOX_TESTS_UNIT_CAUSES_EVENTS_H

#include "causes_asked.h"

#define CALLS 12
#define EVENTS_MOST 200

static struct operand operands[EVENTS_MOST][4], outputs[EVENTS_MOST][1];
static int64_t sizes[EVENTS_MOST * 5][4];
static int sizes_used;
static struct event events[EVENTS_MOST];
static const struct frame frames[] = {
	{ "/p/train.py", "encode", 10, 0 }, { "/p/train.py", "absent", 20, 0 }, { "/p/train.py", "forward", 30, 0 }, { "/p/train.py", "forward", 31, 0 },
	{ "/p/train.py", "forward", 31, 0 }, { "/p/train.py", "main", 50, 0 }, { "/p/train.py", "forward", 31, 0 }, { "/p/train.py", "evaluate", 60, 0 },
};
/* One a line, and line 31 on two more ways. */
static const struct site sites[] = { { 0, 1, 1, 0, &frames[0] }, { 1, 1, 1, 0, &frames[1] }, { 2, 1, 1, 0, &frames[2] }, { 3, 1, 1, 0, &frames[3] },
				     { 4, 2, 1, 0, &frames[4] }, { 5, 2, 1, 0, &frames[6] } };
static struct hand hand = { .events = events, .sites = sites, .site_count = 6 };
static struct source source;

static inline struct operand
tensor(const char *name, int64_t identity, int64_t a, int64_t b)
{
	sizes[sizes_used][0] = a;
	sizes[sizes_used][1] = b;
	return (struct operand){ .name = name, .kind = "tensor", .item = -1, .ndim = b < 0 ? 1 : 2, .sizes = sizes[sizes_used++], .dtype = "float32", .device = "cpu",
				 .layout = "strided", .tensor = identity };
}

static inline struct operand
value(const char *name, const char *is)
{
	return (struct operand){ .name = name, .kind = "int", .value = is, .item = -1, .ndim = -1, .tensor = -1 };
}

/* The next event: OPERATION at SITE in STEP, of COUNT operands (operands[its number]) and one output. */
static inline struct event *
add(const char *operation, int site, int64_t step, int count)
{
	int n = hand.event_count++;

	events[n] = (struct event){ .id = n + 1, .parent = -1, .scope = -1, .site = site, .sequence = -1, .operation = operation, .overload = "", .phase = "forward",
				    .status = "ok", .step = step, .operand_count = count, .operands = operands[n], .output_count = 1, .outputs = outputs[n] };
	return &events[n];
}

static inline void
start(void)
{
	hand.event_count = sizes_used = 0;
	forget();
}

#endif
