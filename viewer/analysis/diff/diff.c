#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include "diff_divergence.h"
#include "diff_messages.h"
#include "../../../schema/fingerprint.h"
#include "../where.h"

#define CONSEQUENCES_MOST 4096

/* --- who failed first ----------------------------------------------------------------------------------------------- */

/* The failure of a trace as `report` has it, which sees workers and echoes too; among several traces by class, then by
 * its place in the training, then by rank. */
struct first { bool found; struct trace *trace; struct failure failure; int rank; };

static bool
failure_is_before(const struct source *source, const struct failure *one, int rank, const struct first *other)
{
	struct source other_source = source_of_trace(other->trace);
	int a = failure_class(one), b = failure_class(&other->failure), progress;

	if (a != b)
		return a < b;
	progress = failure_progress(source, one, &other_source, &other->failure);
	return progress ? progress < 0 : rank < other->rank;
}

/* A job whose processes were all killed from outside has no failure; one rank that was killed (for its memory, say) while
 * another raised an error has. */
static bool
is_failure(const struct failure *failure, const struct process *process, const struct members *members)
{
	if (strcmp(failure->kind, "signal") != 0 || member_crashed(failure))
		return true;
	if (strcmp(process->role, "rank") != 0)
		return false;
	for (int i = 0; i < members->count; i++)
		if (members->list[i].failed && strcmp(members->list[i].failure.kind, "signal") != 0 && members->list[i].failure.note)
			return true;
	return members->count == 1;
}

/* Its own fault, as far as one can tell; not the news of another's. */
static bool
is_own(const struct first *first)
{
	const char *operation = first->found ? first->failure.operation_name : NULL;

	if (!first->found)
		return false;
	if (strcmp(first->failure.kind, "signal") == 0) /* a collective that aborts tells of the others */
		return !operation || !fingerprint_waits(operation);
	return failure_class(&first->failure) == 0;
}

static struct first
first_find(const struct diff_request *request, const struct members *members)
{
	struct first first = { 0 };

	for (int t = 0; t < request->trace_count; t++) {
		struct source source = source_of_trace(request->traces[t]);
		struct failure failure;
		const struct process *process;
		bool asked = request->rank_count == 0;

		if (!failure_choose(&source, &failure))
			continue;
		process = trace_process(request->traces[t], failure.process);
		for (int i = 0; i < request->rank_count; i++)
			asked = asked || request->ranks[i] == process->rank;
		/* Of two runs, the second is the one in question. */
		if (asked && is_failure(&failure, process, members) && (!first.found || (members->two_runs && t == 1) ||
			      (!members->two_runs && failure_is_before(&source, &failure, process->rank, &first))))
			first = (struct first){ true, request->traces[t], failure, process->rank };
	}
	return first;
}

static json_t *
first_json(const struct first *first)
{
	struct source source;
	const struct process *process;
	json_t *json, *frames, *where, *exception;

	if (!first->found)
		return json_null();
	source = source_of_trace(first->trace);
	process = trace_process(first->trace, first->failure.process);
	json = json_object();
	exception = json_object();
	frames = where_frames(&source, &first->failure);
	where = where_build(&source, &first->failure, frames);
	text_set_integer(json, "rank", process->rank, -1);
	text_set_integer(json, "pid", process->pid, -1);
	text_set(json, "role", process->role);
	text_set(json, "host", process->host);
	text_set(json, "operation", first->failure.operation_name);
	text_set_integer(json, "step", first->failure.step, -1);
	text_set_integer(json, "signal", first->failure.signal, 0);
	json_object_set_new(json, "own", json_boolean(is_own(first)));
	text_set(exception, "type", first->failure.type);
	text_set(exception, "message", first->failure.message);
	json_object_set_new(json, "exception", exception);
	json_object_set_new(json, "where", where);
	json_decref(frames);
	return json;
}

/* --- what the others were doing ---------------------------------------------------------------------------------------- */

static bool
has_rank(const json_t *ranks, int rank)
{
	const json_t *one;
	size_t i;

	json_array_foreach(ranks, i, one)
		if (json_integer_value(one) == rank)
			return true;
	return false;
}

/* What a member that didn't fail by itself was last in: a collective if it waited for one; not if it is known to be ELSEWHERE. */
static void
consequence_text(const struct member *member, const struct first *first, bool own, bool elsewhere, struct text *text)
{
	const char *waiting = NULL;
	struct brief last;
	struct event event;
	char buffer[128];

	if (!elsewhere && member->failed && member->failure.operation_name && fingerprint_waits(member->failure.operation_name))
		waiting = member->failure.operation_name;
	else if (!elsewhere && member_last(member, &last) && trace_event(member->trace, member->process, last.id, &event) && fingerprint_waits(event.operation))
		waiting = event.operation;
	if (waiting) {
		text_format(buffer, sizeof(buffer), "%s", waiting);
		text_add(text, "stopped while waiting in %s", buffer);
		if (first->found && own)
			text_add(text, " for rank %d", first->rank);
	} else if (member->failed && strcmp(member->failure.kind, "signal") == 0)
		text_add(text, "was stopped by %s%s", member->failure.signal == 15 ? "SIGTERM" : member->failure.signal == 9 ? "SIGKILL" : SAY("a signal"),
			 first->found && own ? SAY(" after that") : "");
	else if (member->failed && member->failure.type)
		text_add(text, "ended with %s", member->failure.type);
	else
		text_add(text, "%s", language_word(member->info->status));
}

/* DIVERGENCE: where the ways part; who never arrived doesn't wait. */
static json_t *
consequences_json(const struct members *members, const struct first *first, const json_t *divergence)
{
	bool missing = strcmp(text_get(divergence, "kind"), "missing") == 0;
	bool own = is_own(first);
	json_t *list = json_array();

	for (int i = 0; i < members->count && json_array_size(list) < CONSEQUENCES_MOST; i++) {
		const struct member *member = &members->list[i];
		struct text text = { { 0 }, 0 };
		json_t *json;

		if ((first->found && member->rank == first->rank && (!members->two_runs || member->trace == first->trace)) || strcmp(member->info->status, "ok") == 0 ||
		    strcmp(member->info->status, "running") == 0 || members->two_runs || member->step >= 0)
			continue;
		if (member->failed && failure_class(&member->failure) == 0)
			text_add(&text, "failed by itself too%s%s", member->failure.operation_name ? SAY(", in ") : "",
				 member->failure.operation_name ? member->failure.operation_name : "");
		else
			consequence_text(member, first, own, missing && has_rank(json_object_get(divergence, "ranks"), member->rank) && member_waits_inside(member) < 0, &text);
		json = json_object();
		json_object_set_new(json, "rank", json_integer(member->rank));
		text_set(json, "text", text.data);
		json_array_append_new(list, json);
		trace_rest(member->trace, member->process);
	}
	return list;
}

/* --- groups -------------------------------------------------------------------------------------------------------------- */

static uint64_t
signature_of(const struct member *member)
{
	uint64_t print = 0;

	for (int64_t i = 0; i < member->block_count; i++)
		print = fingerprint_join(print, member->blocks[i].control, (uint64_t)member->blocks[i].events);
	return print;
}

static json_t *
groups_json(const struct members *members, const struct groups *groups)
{
	int *ranks = calloc((size_t)members->count + 1, sizeof *ranks);
	json_t *list = json_array();

	for (int g = 0; ranks && g < groups->count; g++) {
		json_t *json = json_object();
		char signature[32];
		int count = 0;
		int64_t operations = 0;
		const struct member *longest = &members->list[groups->list[g].longest];

		for (int i = 0; i < members->count; i++)
			if (members->list[i].group == g)
				ranks[count++] = members->list[i].rank;
		for (int64_t i = 0; i < longest->block_count; i++)
			operations += longest->blocks[i].events;
		text_format(signature, sizeof(signature), "%016llx", (unsigned long long)signature_of(longest));
		json_object_set_new(json, "ranks", ranks_json(ranks, count));
		text_set(json, "signature", signature);
		json_object_set_new(json, "role", json_integer(groups->list[g].role));
		json_object_set_new(json, "operations", json_integer(operations));
		json_object_set_new(json, "from_step", json_integer(longest->first_step));
		json_array_append_new(list, json);
	}
	free(ranks);
	return list;
}

/* --- sizes --------------------------------------------------------------------------------------------------------------- */

/* Fingerprint of all that a member's main thread did, sizes included, from step FIRST to its end. */
static uint64_t
content_of(const struct member *member, int64_t first)
{
	uint64_t print = 0;

	for (int64_t i = 0; i < member->block_count; i++)
		if (member->blocks[i].stream == 0 && member->blocks[i].step >= first)
			print = fingerprint_join(print, member->blocks[i].content, (uint64_t)member->blocks[i].events);
	return print ^ (uint64_t)member->end * (member->end != INT64_MAX);
}

/* One member for each that differs in sizes from all others; within role ROLE. */
static int
classes_make(struct members *members, int role, struct member **out)
{
	uint64_t *prints = calloc((size_t)members->count + 1, sizeof *prints);
	int64_t first = 0;
	int count = 0;

	for (int i = 0; i < members->count; i++)
		first = members->list[i].first_step > first ? members->list[i].first_step : first;
	for (int i = 0; prints && i < members->count; i++) {
		uint64_t print = content_of(&members->list[i], first);
		bool known = members->list[i].role != role;

		for (int n = 0; n < count && !known; n++)
			known = prints[n] == print;
		if (known)
			continue;
		prints[count] = print;
		out[count++] = &members->list[i];
	}
	free(prints);
	return count;
}

struct sizes { struct sizes_result result; struct member **compared; int count; struct member baseline; };

/* Of two steps: the second against all others of that rank, so that what varies anyway is known. */
static void
steps_sizes(struct members *members, struct sizes *sizes, const struct diff_request *request)
{
	sizes->baseline = members->list[0];
	sizes->baseline.step = -1;
	sizes->baseline.skip_step = members->list[1].step;
	sizes->baseline.blocks = NULL;
	sizes->baseline.block_count = trace_blocks(members->list[0].trace, members->list[0].process, &sizes->baseline.blocks);
	sizes->compared[0] = &sizes->baseline;
	sizes->compared[1] = &members->list[1];
	sizes->count = 2;
	sizes->result = sizes_compare(sizes->compared, 2, true, request->progress);
}

static void
sizes_find(struct members *members, const struct groups *groups, struct sizes *sizes, const struct diff_request *request)
{
	sizes->result.complete = true;
	sizes->compared = calloc((size_t)members->count + 2, sizeof *sizes->compared);
	if (!sizes->compared)
		return;
	if (members->list[0].step >= 0) {
		steps_sizes(members, sizes, request);
		return;
	}
	for (int role = 0; role < (groups->roles > 1 ? groups->roles : 1); role++) {
		struct member **compared = calloc((size_t)members->count + 2, sizeof *compared);
		int count = compared ? classes_make(members, role, compared) : 0;
		struct sizes_result result = { .complete = true };

		if (count > 1)
			result = sizes_compare(compared, count, members->two_runs, request->progress);
		result.usual += sizes->result.usual;
		if (result.found && (!sizes->result.found || result.first.step < sizes->result.first.step)) {
			free(sizes->compared);
			sizes->compared = compared;
			sizes->count = count;
			sizes->result = result;
		} else {
			sizes->result.usual = result.usual;
			free(compared);
		}
	}
}

/* --- all together ---------------------------------------------------------------------------------------------------------- */

/* Someone waits for a member that stopped; NULL: nobody, or its own failure tells why. */
static json_t *
stop_json(struct members *members, const struct groups *groups, const struct first *first)
{
	return groups->stopped.found && !is_own(first) ? divergence_of_stop(members, &groups->stopped) : NULL;
}

static json_t *
parting_json(struct members *members, const struct groups *groups, const struct first *first)
{
	const struct parting *parting = &groups->parting;
	bool kept = parting->meeting.kind >= MEET_CONTROL;

	if (!parting->past.found)
		return divergence_of_parting(members, groups, parting);
	return divergence_of_past(members, groups, parting,
				  kept ? divergence_of_parting(members, groups, parting) : stop_json(members, groups, first));
}

static json_t *
divergence_choose(struct members *members, struct groups *groups, struct sizes *sizes, const struct first *first)
{
	const struct size_difference *difference = &sizes->result.first;
	const struct parting *parting = &groups->parting;
	const struct meeting *meeting = &parting->meeting;
	struct mismatch mismatch = messages_compare(members);
	bool own = is_own(first);
	int64_t event = parting->past.found ? 0 : meeting->has_left ? meeting->left.id : meeting->right.id;
	json_t *json;

	if (mismatch.found && !(mismatch.waits && own) && (!sizes->result.found || mismatch.step <= difference->step) &&
	    (!parting->found || mismatch.step + mismatch.waits <= parting_step(parting)))
		return divergence_of_message(members, &mismatch);
	if (parting->found && (members->list[0].step >= 0 || !sizes->result.found || parting_step(parting) < difference->step ||
			       (parting_step(parting) == difference->step && event <= difference->event)))
		return parting_json(members, groups, first);
	if (sizes->result.found)
		return divergence_of_sizes(members, sizes->compared, sizes->count, difference);
	json = !own && (!groups->stopped.found || groups->stopped.waits) && !members->two_runs ? divergence_of_absent(members) : NULL;
	json = json ? json : stop_json(members, groups, first);
	return json ? json : json_null();
}

/* The steps whose operations are overwritten, as far as they were compared; null: none are. */
static json_t *
overwritten_json(const struct members *members, const struct groups *groups)
{
	int64_t before = 0;
	json_t *json;

	for (int i = 0; i < members->count; i++)
		before = members->list[i].first_step > before ? members->list[i].first_step : before;
	if (before == 0 || members->list[0].step >= 0)
		return json_null();
	json = json_object();
	json_object_set_new(json, "before_step", json_integer(before));
	json_object_set_new(json, "compared", json_boolean(groups->past_end > 0 && !groups->past_unknown));
	json_object_set_new(json, "usual_differences", json_integer(groups->past_usual));
	return json;
}

static json_t *
lost_json(const struct members *members)
{
	json_t *list = json_array();

	for (int i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];
		json_t *json;

		if (member->lost == 0 && member->first_step == 0)
			continue;
		json = json_object();
		json_object_set_new(json, "rank", json_integer(member->rank));
		json_object_set_new(json, "run", json_integer(member->run));
		json_object_set_new(json, "dropped", json_integer(member->lost));
		json_object_set_new(json, "from_step", json_integer(member->first_step));
		json_array_append_new(list, json);
	}
	return list;
}

json_t *
diff_build(const struct diff_request *request, struct error *error)
{
	struct groups *groups = calloc(1, sizeof *groups);
	struct members members;
	struct sizes sizes = { 0 };
	struct first first;
	json_t *json = NULL;

	if (!groups || !members_gather(&members, request, error))
		goto out;
	groups_make(groups, &members, request->progress);
	sizes_find(&members, groups, &sizes, request);
	first = members.list[0].step < 0 ? first_find(request, &members) : (struct first){ 0 };
	json = json_object();
	json_object_set_new(json, "schema", json_integer(1));
	json_object_set_new(json, "compared", json_string(members.list[0].step >= 0 ? "steps" : members.two_runs ? "runs" : "ranks"));
	json_object_set_new(json, "ranks", json_integer(members.two_runs || members.list[0].step >= 0 ? members.count / 2 : members.count));
	text_set_integer(json, "world_size", members.world_size, 0);
	json_object_set_new(json, "first_failure", first_json(&first));
	json_object_set_new(json, "first_divergence", divergence_choose(&members, groups, &sizes, &first));
	json_object_set_new(json, "consequences", consequences_json(&members, &first, json_object_get(json, "first_divergence")));
	json_object_set_new(json, "groups", groups_json(&members, groups));
	json_object_set_new(json, "usual_differences", json_integer(groups->usual + sizes.result.usual));
	json_object_set_new(json, "ranks_missing", ranks_json(members.missing, members.missing_count));
	json_object_set_new(json, "lost", lost_json(&members));
	json_object_set_new(json, "overwritten", overwritten_json(&members, groups));
	json_object_set_new(json, "complete", json_boolean(sizes.result.complete));
	free(sizes.baseline.blocks);
	free(sizes.compared);
out:
	members_free(&members);
	free(groups);
	return json;
}

bool
diff_found(const json_t *diff)
{
	return json_is_object(json_object_get(diff, "first_failure")) || json_is_object(json_object_get(diff, "first_divergence")) ||
	       json_array_size(json_object_get(diff, "ranks_missing")) > 0;
}
