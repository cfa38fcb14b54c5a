/*
 * Asking the rules of causes.def about events made by hand: what is set here is what the next question knows.
 */
#ifndef SHAPEBOX_TESTS_UNIT_CAUSES_ASKED_H
#define SHAPEBOX_TESTS_UNIT_CAUSES_ASKED_H

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <unistd.h>

#include "analysis_events.h"
#include "viewer/analysis/causes/causes_tool.h"
#include "viewer/analysis/knowledge.h"
#include "viewer/analysis/history/precedent.h"
#include "viewer/analysis/subject.h"

static struct mismatch mismatch;
static json_t *causes;

static struct lineage stories[2]; /* of the two sides */
static int64_t calls;             /* earlier ones, in which the sides agreed */
static struct { int64_t smallest, largest; } was[2];
static const char *type, *line;
static const json_t *modules;
static bool positions;
static int64_t rounded_from;
static const struct settings *settings;
static json_t *counts; /* of the failed operation's operands, as its note has them */

/* The causes of EVENT; numbers and frames as a note has them, taken over. */
static inline void
ask(const struct event *event, const char *message, json_t *frames, json_t *numbers)
{
	struct mismatch_knowledge known[16];
	struct mismatch_facts facts = { .event = event, .message = message, .knowledge = known };
	struct cause_facts asked = { .event = event, .message = message, .frames = frames, .numbers = numbers, .counts = counts,
				     .settings = settings, .positions = positions, .type = type, .line = line, .modules = modules,
				     .rounded_from = rounded_from, .rounded_to = 7, .rounded_by = "aten::max_pool2d" };

	if (event)
		knowledge_fill(event, counts, frames, known);

	if (event && mismatch_find(&facts, &mismatch))
		asked.mismatch = &mismatch;
	for (int i = 0; i < 2; i++)
		asked.sides[i].lineage = stories[i].count ? &stories[i] : NULL;
	precedent_measure(&asked, false);
	for (int i = 0; i < 2 && calls; i++) {
		asked.sides[i].calls = asked.calls = asked.agreed = calls;
		asked.sides[i].smallest = was[i].smallest;
		asked.sides[i].largest = was[i].largest;
		asked.last_call = 90;
	}
	json_decref(causes);
	causes = causes_build(&asked);
	json_decref(frames);
	json_decref(numbers);
}

/* KEY of the first cause. */
static inline const char *
first_text(const char *key)
{
	return text_get(json_array_get(causes, 0), key);
}

/* KEY of the cause of RULE, whichever place it has. */
static inline const char *
text_of(const char *rule, const char *key)
{
	for (size_t i = 0; i < json_array_size(causes); i++)
		if (strcmp(text_get(json_array_get(causes, i), "rule"), rule) == 0)
			return text_get(json_array_get(causes, i), key);
	return "";
}

/* Side I was decided by OPERATION, which had OPERANDS and made the dimension DIM of SIZE. The event's id tells how old. */
static inline void
add_step(int i, int64_t id, const char *operation, const struct operand *operands, int count, int dim, int64_t size)
{
	struct lineage_step *step = &stories[i].steps[stories[i].count++];

	*step = (struct lineage_step){ .event = { .id = id, .site = id, .operation = operation, .operands = operands, .operand_count = count },
				       .dim = dim, .size = size, .decides = true };
	stories[i].decider = stories[i].count - 1;
}

static inline void
forget(void)
{
	for (int i = 0; i < 2; i++) {
		stories[i].count = 0;
		stories[i].decider = -1;
		was[i].smallest = was[i].largest = 0;
	}
	calls = 0;
	type = line = NULL;
}

static inline const char *
confidence_of(const char *rule)
{
	for (size_t i = 0; i < json_array_size(causes); i++)
		if (strcmp(text_get(json_array_get(causes, i), "rule"), rule) == 0)
			return text_get(json_array_get(causes, i), "confidence");
	return "";
}

/* The causes of FACTS made by hand; what was set is forgotten. */
static inline void
ask_facts(const struct cause_facts *facts)
{
	json_decref(causes);
	causes = causes_build(facts);
	forget();
}

#define EXPECT(rule, confidence) CU_ASSERT_STRING_EQUAL(confidence_of(rule), confidence)

static inline json_t *
number(const char *name, int value)
{
	return json_pack("[{s:i, s:[{s:s, s:i}]}]", "frame", 0, "numbers", "name", name, "value", value);
}

/* Counts of the values of tensor IDENTITY, for the questions that follow. */
static inline void
count_values(int identity, const char *summary)
{
	json_decref(counts);
	counts = summary ? json_pack("{s:[{s:i, s:o}]}", "operands", "tensor", identity, "summary", json_loads(summary, 0, NULL)) : NULL;
}

/* Runs the suite that FILL fills. */
static inline int
run_suite(const char *name, void (*fill)(CU_pSuite suite))
{
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	forget();
	fill(CU_add_suite(name, NULL, NULL));
	CU_basic_run_tests();
	json_decref(causes);
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}

/* The same, while TEXT ("": nothing) stands in a file, whose name is made of PATH ("...XXXXXX.py"). */
static inline int
run_suite_with(char *path, const char *text, const char *name, void (*fill)(CU_pSuite suite))
{
	int descriptor = mkstemps(path, 3), status;

	if (descriptor < 0 || write(descriptor, text, strlen(text)) != (ssize_t)strlen(text))
		return 2;
	close(descriptor);
	status = run_suite(name, fill);
	unlink(path);
	return status;
}

#endif
