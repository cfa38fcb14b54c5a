/*
 * Whose call is whose, where a file was edited since: within a function, calls of the same operations at lines that all moved by as much.
 *
 * The move that pairs most calls is taken for certain; what lies between two of its pairs hasn't moved otherwise. What lies before the
 * first or behind the last is tried again with a move of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "contract_parts.h"

#define CALLS_MOST 512 /* of one function that are tried for moves; with more, none moved */

/* The calls of one function, by line. */
struct part { const struct contract *contract; const int *list; int count; };

static const struct call *
call_at(const struct part *part, int place)
{
	return &part->contract->calls[part->list[place]];
}

static int
function_order(const struct call *one, const struct call *other)
{
	int order = strcmp(one->file, other->file);

	return order ? order : strcmp(one->function, other->function);
}

static const struct contract *sorting; /* qsort's comparison has no context */

static int
by_place(const void *left, const void *right)
{
	const struct call *one = &sorting->calls[*(const int *)left], *other = &sorting->calls[*(const int *)right];
	int order = function_order(one, other);

	return order ? order : one->line != other->line ? (one->line > other->line) - (one->line < other->line) : strcmp(one->operation, other->operation);
}

static int *
sorted(const struct contract *contract)
{
	int *list = calloc((size_t)contract->call_count + 1, sizeof(*list));

	for (int i = 0; list && i < contract->call_count; i++)
		list[i] = i;
	sorting = contract;
	if (list)
		qsort(list, (size_t)contract->call_count, sizeof(*list), by_place);
	return list;
}

static int
by_number(const void *left, const void *right)
{
	return (*(const int *)left > *(const int *)right) - (*(const int *)left < *(const int *)right);
}

/* The move of lines that pairs most calls, none before others. False: no operation is in both, or there is no memory. */
static bool
best_move(const struct part *theirs, const struct part *ours, int *move)
{
	int *moves = malloc((size_t)theirs->count * (size_t)ours->count * sizeof(*moves)), count = 0, most = 0;

	for (int i = 0; moves && i < theirs->count; i++)
		for (int k = 0; k < ours->count; k++)
			if (strcmp(call_at(theirs, i)->operation, call_at(ours, k)->operation) == 0)
				moves[count++] = call_at(ours, k)->line - call_at(theirs, i)->line;
	if (moves)
		qsort(moves, (size_t)count, sizeof(*moves), by_number);
	for (int i = 0, same = 0; i < count; i += same) {
		for (same = 1; i + same < count && moves[i + same] == moves[i];)
			same++;
		if (same > most || (same == most && moves[i] == 0)) {
			most = same;
			*move = moves[i];
		}
	}
	free(moves);
	return most > 0;
}

/* Pairs what MOVE pairs; FIRST and LAST get the outermost pairs' places in both. */
static void
pair(const struct part *theirs, const struct part *ours, struct contract *run, int move, int first[2], int last[2])
{
	first[0] = -1;
	for (int i = 0; i < theirs->count; i++)
		for (int k = 0; k < ours->count; k++) {
			if (call_at(theirs, i)->line + move != call_at(ours, k)->line || strcmp(call_at(theirs, i)->operation, call_at(ours, k)->operation) != 0)
				continue;
			run->calls[ours->list[k]].matched = theirs->list[i];
			if (first[0] < 0) {
				first[0] = i;
				first[1] = k;
			}
			last[0] = i;
			last[1] = k;
		}
}

static void
match_function(struct part theirs, struct part ours, struct contract *run)
{
	bool small = theirs.count <= CALLS_MOST && ours.count <= CALLS_MOST;
	int move = 0, first[2], last[2];

	while (theirs.count && ours.count && (!small || best_move(&theirs, &ours, &move))) {
		pair(&theirs, &ours, run, move, first, last);
		if (!small || first[0] < 0)
			return;
		match_function((struct part){ theirs.contract, theirs.list, first[0] }, (struct part){ ours.contract, ours.list, first[1] }, run);
		theirs.list += last[0] + 1;
		theirs.count -= last[0] + 1;
		ours.list += last[1] + 1;
		ours.count -= last[1] + 1;
	}
}

bool
contract_match(const struct contract *wanted, struct contract *run)
{
	int *theirs = sorted(wanted), *ours = sorted(run), their = 0, our = 0;
	bool made = theirs && ours;

	while (made && our < run->call_count) {
		const struct call *call = &run->calls[ours[our]];
		int count = 1, their_count = 0;

		while (our + count < run->call_count && function_order(call, &run->calls[ours[our + count]]) == 0)
			count++;
		while (their < wanted->call_count && function_order(&wanted->calls[theirs[their]], call) < 0)
			their++;
		while (their + their_count < wanted->call_count && function_order(&wanted->calls[theirs[their + their_count]], call) == 0)
			their_count++;
		match_function((struct part){ wanted, theirs + their, their_count }, (struct part){ run, ours + our, count }, run);
		our += count;
		their += their_count;
	}
	free(theirs);
	free(ours);
	return made;
}
