/* Who takes part: one process a rank, how it failed, what of it is kept. */
#include "diff_parts.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../failure/failure_process.h"

#define WORLD_MOST (1 << 22) /* ranks that a trace may claim */

static bool
is_asked_for(const struct diff_request *request, int rank)
{
	for (int i = 0; i < request->rank_count; i++)
		if (request->ranks[i] == rank)
			return true;
	return request->rank_count == 0;
}

/* Of a restarted run, the attempt that `report` tells of: the one whose failure it has chosen, else the last. */
static int
attempt_of(struct trace *trace)
{
	struct source source = source_of_trace(trace);
	struct failure failure;

	return failure_choose(&source, &failure) ? trace_process(trace, failure.process)->attempt : INT_MAX;
}

static struct member *
member_of_rank(struct members *members, int rank, int run)
{
	for (int i = 0; i < members->count; i++)
		if (members->list[i].rank == rank && members->list[i].run == run)
			return &members->list[i];
	return NULL;
}

static int
rank_order(const void *left, const void *right)
{
	const struct member *a = left, *b = right;

	return a->rank != b->rank ? (a->rank > b->rank) - (a->rank < b->rank) : (a->run > b->run) - (a->run < b->run);
}

/* Several directories are several hosts of one run, unless a rank is in two of them. */
static bool
is_second_run(const struct diff_request *request)
{
	if (request->trace_count != 2)
		return false;
	for (int i = 0; i < trace_process_count(request->traces[0]); i++) {
		const struct process *one = trace_process(request->traces[0], i);

		for (int n = 0; n < trace_process_count(request->traces[1]); n++) {
			const struct process *other = trace_process(request->traces[1], n);

			if (one->rank >= 0 && one->rank == other->rank && strcmp(one->role, "rank") == 0 &&
			    strcmp(other->role, "rank") == 0)
				return true;
		}
	}
	return false;
}

static void
lost_add(const char *name, int64_t count, const char *text, void *context)
{
	(void)name;
	if (strstr(text, "events dropped") || strstr(text, "damaged"))
		*(int64_t *)context += count;
}

static void
member_add(struct members *members, struct trace *trace, const struct process *process, int run, int attempt)
{
	struct member *member = member_of_rank(members, process->rank, run);

	if (process->attempt > attempt)
		return;
	if (member && (member->info->attempt > process->attempt ||
		       (member->info->attempt == process->attempt && member->info->start_ns >= process->start_ns)))
		return;
	if (!member)
		member = &members->list[members->count++];
	*member = (struct member){ .trace = trace, .process = process->index, .rank = process->rank, .info = process, .run = run,
				   .step = -1, .skip_step = -1, .end = INT64_MAX, .source = source_of_trace(trace) };
	if (process->world_size > members->world_size)
		members->world_size = process->world_size;
}

/* The blocks from FIRST on, of one step alone; told as step 0. */
static void
member_cut(struct member *member)
{
	int64_t kept = 0;

	for (int64_t i = 0; i < member->block_count; i++) {
		if (member->blocks[i].step != member->step)
			continue;
		member->blocks[kept] = member->blocks[i];
		member->blocks[kept++].step = 0;
	}
	member->block_count = kept;
}

static bool
member_load(struct member *member, struct error *error)
{
	member->block_count = trace_blocks(member->trace, member->process, &member->blocks);
	if (member->block_count < 0) {
		text_format(error->text, sizeof(error->text), "%s/%s: made by an older shapebox: it has no fingerprints to compare by",
			    trace_directory(member->trace), member->info->file);
		return false;
	}
	for (int64_t i = 0; i < member->block_count; i++) {
		const struct block *block = &member->blocks[i];

		if ((i == 0 || block[-1].stream != block->stream) && block->stream == 0 && block->first_number > 0 &&
		    member->info->events > member->info->events_kept)
			member->first_step = block->step + 1;
	}
	member->failed = failure_of_process(&member->source, member->process, &member->failure);
	if (member->failed && strcmp(member->failure.kind, "signal") != 0) {
		int64_t last = member->failure.has_event ? member->failure.event.id : member->failure.context_event;

		/* Where all that is known is an exit status, nothing tells what came after. */
		if (last >= 0 && (member->failure.note || member->failure.has_event))
			member->end = last;
	}
	trace_each_degraded(member->trace, member->process, lost_add, &member->lost);
	if (member->step >= 0)
		member_cut(member);
	trace_rest(member->trace, member->process);
	return true;
}

static bool
missing_find(struct members *members)
{
	int size = members->world_size > 0 && members->world_size <= WORLD_MOST ? members->world_size : 0;

	/* First a mark for each rank that is there; then, in the same place, those that aren't. */
	members->missing = calloc((size_t)size + 1, sizeof *members->missing);
	if (!members->missing)
		return false;
	for (int i = 0; i < members->count; i++)
		if (members->list[i].rank < size)
			members->missing[members->list[i].rank] = 1;
	for (int rank = 0; rank < size; rank++)
		if (!members->missing[rank])
			members->missing[members->missing_count++] = rank;
	return true;
}

static bool
steps_split(struct members *members, const struct diff_request *request, struct error *error)
{
	struct member *one = members->list;

	if (members->count != 1) {
		text_format(error->text, sizeof(error->text), "diff: --steps compares two steps of one rank: give --rank R");
		return false;
	}
	one[1] = one[0];
	one[0].step = request->steps[0];
	one[1].step = request->steps[1];
	one[1].run = 1;
	members->count = 2;
	return true;
}

bool
members_gather(struct members *members, const struct diff_request *request, struct error *error)
{
	int total = 2;

	*members = (struct members){ .two_runs = is_second_run(request) };
	for (int t = 0; t < request->trace_count; t++)
		total += trace_process_count(request->traces[t]);
	members->list = calloc((size_t)total, sizeof *members->list);
	if (!members->list)
		goto memory;
	for (int t = 0; t < request->trace_count; t++) {
		int attempt = attempt_of(request->traces[t]);

		for (int i = 0; i < trace_process_count(request->traces[t]); i++) {
			const struct process *process = trace_process(request->traces[t], i);

			if (strcmp(process->role, "rank") == 0 && process->rank >= 0 && is_asked_for(request, process->rank))
				member_add(members, request->traces[t], process, members->two_runs ? t : 0, attempt);
		}
	}
	if (members->count == 0) {
		text_format(error->text, sizeof(error->text), "%s: no such rank", trace_directory(request->traces[0]));
		return false;
	}
	if (request->rank_count == 0 && request->steps[0] < 0 && !missing_find(members))
		goto memory;
	if (request->steps[0] >= 0 && !steps_split(members, request, error))
		return false;
	qsort(members->list, (size_t)members->count, sizeof *members->list, rank_order);
	for (int i = 0; i < members->count; i++) {
		if (!member_load(&members->list[i], error))
			return false;
		if (request->progress)
			request->progress("read", i + 1, members->count);
	}
	return true;
memory:
	text_format(error->text, sizeof(error->text), "diff: out of memory");
	return false;
}

void
members_free(struct members *members)
{
	for (int i = 0; i < members->count; i++)
		free(members->list[i].blocks);
	free(members->list);
	free(members->missing);
}

bool
member_crashed(const struct failure *failure)
{
	return strcmp(failure->kind, "signal") == 0 && (failure->signal == SIGSEGV || failure->signal == SIGBUS ||
							failure->signal == SIGFPE || failure->signal == SIGILL);
}
