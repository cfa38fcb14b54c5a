/* Shapes that a message tells of processes, a shape of each. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mismatch/mismatch_rule.h"
#include "text.h"
#include "told.h"

#define PROCESSES_MOST 64

struct told_process { int64_t rank; struct told_shape shape; };

/* Where the next "process 3" or "rank 3" at or after AT has its number; NULL. */
static const char *
next_process(const char *at)
{
	static const char *const words[] = { "process ", "rank " };

	for (; *at; at++)
		for (size_t i = 0; i < 2; i++)
			if (strncasecmp(at, words[i], strlen(words[i])) == 0 && isdigit((unsigned char)at[strlen(words[i])]))
				return at + strlen(words[i]);
	return NULL;
}

/* "Process 0: [8, 3] - Process 1: [5, 3]". Returns how many. */
static int
read_processes(const char *message, struct told_process out[PROCESSES_MOST])
{
	struct told_shape shapes[TOLD_SHAPES_MOST];
	int count = 0;

	for (const char *at = message; at && count < PROCESSES_MOST && (at = next_process(at));) {
		char *end;
		int64_t rank = strtoll(at, &end, 10);

		at = end + strspn(end, ": =");
		if (strncmp(at, "torch.Size(", 11) == 0)
			at += 11;
		if ((*at != '[' && *at != '(') || !told_shapes(at, shapes))
			continue;
		out[count++] = (struct told_process){ rank, shapes[0] };
	}
	return count;
}

/* The one dimension in which the two differ; -1 where there is none, or more. */
static int
one_dim(const struct told_shape *one, const struct told_shape *other)
{
	int dim = -1;

	for (int d = 0; one->ndim == other->ndim && d < one->ndim; d++)
		if (one->sizes[d] != other->sizes[d]) {
			if (dim >= 0)
				return -1;
			dim = d;
		}
	return dim;
}

bool
told_apart(const char *message, int64_t rank, struct told_apart *out)
{
	struct told_process processes[PROCESSES_MOST];
	int count = read_processes(message, processes), own = 0;

	for (int i = 0; i < count; i++)
		own = processes[i].rank == rank ? i : own;
	for (int i = 0; i < count; i++) {
		int dim = processes[i].rank == processes[own].rank ? -1 : one_dim(&processes[own].shape, &processes[i].shape);

		if (dim < 0)
			continue;
		*out = (struct told_apart){ .shape = processes[own].shape, .dim = dim, .rank = processes[own].rank, .other = processes[i].rank,
					    .size = processes[own].shape.sizes[dim], .other_size = processes[i].shape.sizes[dim] };
		return true;
	}
	return false;
}

bool
told_of_processes(const char *message, int64_t rank, const json_t *const *named, int count, struct subject *out, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event };
	struct told_apart apart;

	if (!told_apart(message, rank, &apart) || apart.rank != rank)
		return false;
	for (int i = 0; i < count; i++) {
		if (strcmp(text_get(named[i], "kind"), "tensor") != 0 || !told_is(&apart.shape, json_object_get(named[i], "shape")))
			continue;
		subject_start(out, SUBJECT_CHECK);
		mismatch_start(found);
		if (!subject_add(out, text_get(named[i], "name"), named[i]))
			continue;
		state_size(&facts, found, 0, apart.dim, -1, -1, apart.other_size, apart.size);
		text_say(found->text, sizeof(found->text), "%s has %" PRId64 " in dimension %d where that of rank %" PRId64 " has %" PRId64, text_get(named[i], "name"), apart.size,
			 apart.dim, apart.other, apart.other_size);
		return found->from_message = true;
	}
	return false;
}
