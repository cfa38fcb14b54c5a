/*
 * A run made by hand, for the tests of findings.def: one rank or two, operations, what their state notes say.
 */
#ifndef SHAPEBOX_TESTS_UNIT_FINDINGS_RUN_H
#define SHAPEBOX_TESTS_UNIT_FINDINGS_RUN_H

#include <stdio.h>
#include <stdlib.h>

#include "analysis_events.h"
#include "viewer/analysis/findings/findings.h"

#define EVENTS_MOST 64

static struct process processes[2] = { { .index = 0, .role = "rank", .status = "ok" }, { .index = 1, .role = "rank", .rank = 1, .status = "ok" } };
static struct event events[EVENTS_MOST];
static struct note notes[2];
static struct call_history history;
static struct hand hand;
static json_t *found;

/* Forget all: one rank, no event, no state. */
static inline void
begin(void)
{
	static const struct frame loss[] = { { "/x/site-packages/torch/functional.py", "broadcast_tensors", 79, 60 },
					     { "/x/site-packages/torch/nn/functional.py", "mse_loss", 3900, 3850 }, { "/home/me/train.py", "main", 14, 1 } };
	static const struct frame own[] = { { "/x/site-packages/torch/functional.py", "broadcast_tensors", 79, 60 }, { "/home/me/train.py", "main", 15, 1 } };
	static const struct site sites[] = { { 1, 3, 3, 0, loss }, { 2, 2, 2, 0, own } };

	for (int i = 0; i < 2; i++) {
		json_decref(notes[i].json);
		notes[i] = (struct note){ .kind = "state", .event = -1 };
	}
	hand = (struct hand){ .processes = processes, .process_count = 1, .events = events, .sites = sites, .site_count = 2 };
}

/* One more operation, in STEP. */
static inline struct event *
add(const char *operation, int64_t site, int64_t step, const struct operand *operands, int count, const struct operand *output)
{
	struct event *event = &events[hand.event_count];

	*event = (struct event){ .id = hand.event_count + 1, .parent = -1, .scope = -1, .site = site, .sequence = -1, .grad = true, .step = step,
				 .operation = operation, .overload = "", .phase = "forward", .status = "ok", .operand_count = count,
				 .operands = operands, .output_count = output ? 1 : 0, .outputs = output };
	hand.event_count++;
	return event;
}

/* What rank RANK's state note says; ' stands for ". */
static inline void
state(int rank, const char *text)
{
	char *copy = strdup(text);

	for (char *at = copy; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	json_decref(notes[rank].json);
	notes[rank].json = json_loads(copy, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(notes[rank].json);
	hand.notes[rank] = &notes[rank];
	hand.note_counts[rank] = 1;
	free(copy);
}

static inline void
look(void)
{
	struct source source = hand_source(&hand);

	json_decref(found);
	found = findings_of_source(&source);
}

static inline const json_t *
finding(const char *rule)
{
	for (size_t i = 0; i < json_array_size(found); i++)
		if (strcmp(text_get(json_array_get(found, i), "rule"), rule) == 0)
			return json_array_get(found, i);
	return NULL;
}

static inline bool
says(const char *rule, const char *part)
{
	return finding(rule) && strstr(text_get(finding(rule), "text"), part);
}

#define EXPECT(rule, confidence) CU_ASSERT_STRING_EQUAL(text_get(finding(rule), "confidence"), confidence)
#define EXPECT_NOTHING() CU_ASSERT_EQUAL(json_array_size(found), 0)

#define MODEL "'complete':true,'optimizer':'AdamW','optimizer_tensors':10,'optimizer_graded':4,'root':'model','frames':[],'numbers':[],'step':3," \
	      "'model':{'tensors':10,'elements':300,'trainable':10,'trainable_elements':300,'graded':4,'owned':10,'unknown':%,'hooked':false}"

/* MODEL with as many UNKNOWN parameters, and LISTS. */
static inline void
model(int unknown, const char *lists)
{
	char text[2048];
	const char *mark = strchr(MODEL, '%');

	snprintf(text, sizeof text, "{%.*s%d%s,%s}", (int)(mark - MODEL), MODEL, unknown, mark + 1, lists);
	state(0, text);
}

#endif
