/*
 * identity-check TRACE LOG: hold the recorded identities against the allocator's (see truth.c).
 *
 * Walks the recorded operations and the logged calls side by side. An operand whose number had stood for another
 * (address, generation) is wrong; a forward operand with dimensions that no recorded operation made is unknown.
 * Prints the counts and "ok" or "FAILED"; exit 1 beyond 0.05 % wrong or 1 % unknown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/reader/trace.h"

#define SLOTS (1u << 22)

struct check {
	struct trace *trace;
	FILE *log;
	uint64_t *truth_of;   /* by number: (address, generation) hashed, 0 = none yet */
	uint64_t limit;
	int64_t events, operands, wrong, forward, unknown, unmatched;
	int64_t split;
	struct { uint64_t truth, number; } *number_of;
};

static uint64_t
number_slot(struct check *check, uint64_t truth)
{
	uint64_t i = (truth * 0x9e3779b97f4a7c15ull) >> 42;

	while (check->number_of[i].truth && check->number_of[i].truth != truth)
		i = (i + 1) & (SLOTS - 1);
	check->number_of[i].truth = truth;
	return i;
}

static void
compare(struct check *check, int64_t number, const char *word)
{
	char *end;
	uint64_t truth = strtoull(word, &end, 16) << 12;

	truth ^= strtoull(end + 1, NULL, 10);
	check->operands++;
	if (number <= 0 || (uint64_t)number >= check->limit)
		return;
	if (check->truth_of[number] && check->truth_of[number] != truth)
		check->wrong++;
	check->truth_of[number] = truth;
	uint64_t slot = number_slot(check, truth);
	if (check->number_of[slot].number && check->number_of[slot].number != (uint64_t)number)
		check->split++;
	check->number_of[slot].number = (uint64_t)number;
}

static bool
next_call(struct check *check, const char *operation, char *line, size_t room)
{
	size_t size = strlen(operation);

	while (fgets(line, (int)room, check->log))
		if (!strncmp(line, operation, size) && (line[size] == ' ' || line[size] == '\n'))
			return true;
		else
			check->unmatched++;
	return false;
}

static bool
visit(const struct event *event, void *context)
{
	struct check *check = context;
	static char line[1 << 20];
	char *save = NULL;

	if (!next_call(check, event->operation, line, sizeof line))
		return false;
	check->events++;
	strtok_r(line, " \n", &save);
	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *operand = &event->operands[i];
		if (strcmp(operand->kind, "tensor"))
			continue;
		const char *word = strtok_r(NULL, " \n", &save);
		if (!word)
			break;
		compare(check, operand->tensor, word);
		if (strcmp(event->phase, "forward") || operand->ndim < 1)
			continue;
		struct event maker;
		int output;
		check->forward++;
		if (!trace_maker(check->trace, 0, operand->tensor, event->id, &maker, &output))
			check->unknown++;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct check check = { 0 };
	struct error error;

	if (argc != 3 || !(check.trace = trace_open(argv[1], &error)) || !(check.log = fopen(argv[2], "r"))) {
		fprintf(stderr, "identity-check: %s\n", argc == 3 && !check.trace ? error.text : "usage: TRACE LOG");
		return 2;
	}
	check.limit = 1u << 24;
	check.truth_of = calloc(check.limit, sizeof *check.truth_of);
	check.number_of = calloc(SLOTS, sizeof *check.number_of);
	if (!check.truth_of || !check.number_of)
		return 2;
	trace_each_event(check.trace, 0, &event_filter_all, visit, &check);
	double wrong = 100.0 * (double)check.wrong / (double)(check.operands ? check.operands : 1);
	double unknown = 100.0 * (double)check.unknown / (double)(check.forward ? check.forward : 1);
	bool ok = check.events > 10000 && check.forward > 1000 && wrong <= 0.05 && unknown <= 1.0
		  && check.unmatched < check.events / 100;
	printf("identity: %lld operations, %lld operands, %lld wrong (%.3f %%), %lld met under two numbers, "
	       "%lld of %lld forward operands without a maker (%.2f %%), %lld calls not recorded: %s\n",
	       (long long)check.events, (long long)check.operands, (long long)check.wrong, wrong, (long long)check.split,
	       (long long)check.unknown, (long long)check.forward, unknown, (long long)check.unmatched,
	       ok ? "ok" : "FAILED");
	trace_close(check.trace);
	return ok ? 0 : 1;
}
