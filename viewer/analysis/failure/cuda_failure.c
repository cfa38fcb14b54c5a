/* See cuda_failure.h. */
#include "cuda_failure.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../knowledge.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../where.h"

#define STREAMS_MOST 32
#define OTHERS_MOST 16     /* suspects that take no index */
#define MOVES_MOST 8       /* an index's way back to values that were counted */

static const struct cuda_error errors[] = {
#define CUDA_ERROR(...) { __VA_ARGS__ },
#include "cuda_errors.def"
};

static const char *const index_operations[] = {
#define INDEX_OPERATION(name) name,
#include "../../../schema/index_operations.def"
#undef INDEX_OPERATION
};

const struct cuda_error *
cuda_error_of(int code)
{
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].code == code)
			return &errors[i];
	return NULL;
}

static bool
takes_index(const char *operation)
{
	for (size_t i = 0; i < sizeof index_operations / sizeof *index_operations; i++)
		if (fnmatch(index_operations[i], operation, 0) == 0)
			return true;
	return false;
}

/* --- the call that told it -------------------------------------------------------------------- */

struct search { struct cuda_failure *cuda; int64_t until_ns; };

static void
place_of(const struct cuda_call *call, struct cuda_place *out)
{
	*out = (struct cuda_place){ .call = call->id, .event = call->event, .site = call->site, .step = call->step, .ours = call->ours };
	text_format(out->function, sizeof out->function, "%s", call->function);
	text_format(out->operation, sizeof out->operation, "%s", call->operation ? call->operation : "");
}

/* The first: all calls after it return the same. */
static bool
find_told(const struct cuda_call *call, void *context)
{
	struct search *search = context;
	const struct cuda_error *error = cuda_error_of(call->result);

	if (!error || !error->asynchronous)
		return true;
	if (search->until_ns && call->time_ns > search->until_ns)
		return false;
	search->cuda->error = error;
	search->cuda->device = call->device;
	place_of(call, &search->cuda->told);
	return false;
}

/* Does FAILURE come from a library of CUDA's? Where it doesn't say so, it must be of the very operation that was told. */
static bool
is_about(const struct failure *failure, const struct cuda_failure *cuda)
{
	static const char *const words[] = { "CUDA", "cuda", "CUBLAS", "cuBLAS", "CUDNN", "cuDNN", "CUSPARSE", "CUSOLVER", "CUFFT", "NCCL", "Triton" };

	for (size_t i = 0; failure->message && i < sizeof words / sizeof *words; i++)
		if (strstr(failure->message, words[i]))
			return true;
	return strcmp(failure->kind, "signal") == 0 || (failure->has_event && failure->event.id == cuda->told.event);
}

/* --- launches since the device was known good ---------------------------------------------------- */

struct window {
	struct cuda_failure *cuda;
	int64_t streams[STREAMS_MOST]; /* known good from here back */
	int stream_count, others;
};

static bool
is_good(const struct window *window, int64_t stream)
{
	for (int i = 0; i < window->stream_count; i++)
		if (window->streams[i] == stream)
			return true;
	return false;
}

static struct cuda_suspect *
suspect_of(struct cuda_failure *cuda, const struct cuda_call *call)
{
	for (int i = cuda->suspect_count - 1; i >= 0; i--) {
		struct cuda_suspect *suspect = &cuda->suspects[i];

		if (call->event >= 0 ? suspect->event == call->event
				     : suspect->event < 0 && suspect->site == call->site && strcmp(suspect->operation, call->operation ? call->operation : "") == 0)
			return suspect;
	}
	return NULL;
}

static void
add_launch(struct window *window, const struct cuda_call *call)
{
	struct cuda_failure *cuda = window->cuda;
	struct cuda_suspect *suspect = suspect_of(cuda, call);
	bool index = call->operation && takes_index(call->operation);

	cuda->launches++;
	if (suspect) {
		suspect->launches++;
		return;
	}
	cuda->operations++;
	if (cuda->suspect_count == CUDA_SUSPECTS_MOST || (!index && window->others == OTHERS_MOST))
		return;
	window->others += !index;
	suspect = &cuda->suspects[cuda->suspect_count++];
	*suspect = (struct cuda_suspect){ .event = call->event, .site = call->site, .step = call->step, .launches = 1, .takes_index = index, .limit = -1 };
	text_format(suspect->operation, sizeof suspect->operation, "%s", call->operation ? call->operation : "");
	text_format(suspect->kernel, sizeof suspect->kernel, "%s", call->kernel ? call->kernel : strcmp(call->kind, "graph launch") == 0 ? "(a graph)" : "");
}

/* Newest first. */
static bool
follow_back(const struct cuda_call *call, void *context)
{
	struct window *window = context;
	struct cuda_failure *cuda = window->cuda;
	bool whole = strstr(call->function, "DeviceSynchronize") || strstr(call->function, "CtxSynchronize");

	if (call->device >= 0 && cuda->device >= 0 && call->device != cuda->device)
		return true;
	if (call->result != 0 || call->captured)
		return true;
	if (strcmp(call->kind, "wait") == 0 && !strstr(call->function, "Event")) {
		if (!cuda->has_good)
			place_of(call, &cuda->good);
		cuda->has_good = true;
		if (whole || window->stream_count == STREAMS_MOST)
			return false;
		window->streams[window->stream_count++] = call->stream;
		return true;
	}
	if ((strcmp(call->kind, "launch") == 0 || strcmp(call->kind, "graph launch") == 0) && !is_good(window, call->stream))
		add_launch(window, call);
	return true;
}

/* --- which of them ----------------------------------------------------------------------------- */

/* What is known of the values of TENSOR, an index: counted on the CPU, from where it was moved or of which it is a view. */
static const json_t *
counted(const struct source *source, int process, int64_t tensor, int64_t before, const json_t *note, const json_t *frames)
{
	static const char plain[] = "to _to_copy copy_ view _unsafe_view reshape flatten unsqueeze squeeze contiguous clone detach transpose t permute";
	struct event maker;
	int output;

	for (int i = 0; i < MOVES_MOST && tensor >= 0; i++) {
		const json_t *summary = knowledge_summary(tensor, note, frames);
		int from;

		if (json_is_integer(json_object_get(summary, "max")))
			return summary;
		if (!source->maker(source->context, process, tensor, before, &maker, &output) ||
		    strncmp(maker.operation, "aten::", 6) != 0 || !text_among(plain, maker.operation + 6))
			return NULL;
		from = strcmp(maker.operation, "aten::copy_") == 0 ? rule_tensor(&maker, "src") : rule_tensor(&maker, "self");
		tensor = from < 0 ? -1 : maker.operands[from].tensor;
		before = maker.id;
	}
	return NULL;
}

/* What SUSPECT's index may hold, and whether it is known to hold more. */
static void
weigh(const struct source *source, const struct failure *failure, const json_t *frames, struct cuda_suspect *suspect)
{
	const json_t *note = failure->operation ? failure->operation->json : NULL;
	struct mismatch_facts facts = { .message = "index out of range" };
	struct mismatch_knowledge *knowledge;
	struct mismatch found;
	struct event event;

	if (!suspect->takes_index || suspect->event < 0 || !source->event(source->context, failure->process, suspect->event, &event))
		return;
	knowledge = calloc((size_t)event.operand_count + 1, sizeof *knowledge);
	if (!knowledge)
		return;
	knowledge_fill(&event, note, frames, knowledge);
	for (int i = 0; i < event.operand_count; i++) {
		const json_t *summary = knowledge[i].has_range ? NULL : counted(source, failure->process, event.operands[i].tensor, event.id, note, frames);

		if (!summary)
			continue;
		knowledge[i].has_range = true;
		knowledge[i].smallest = json_integer_value(json_object_get(summary, "min"));
		knowledge[i].largest = json_integer_value(json_object_get(summary, "max"));
	}
	facts.event = &event;
	facts.knowledge = knowledge;
	if (mismatch_find(&facts, &found) && strcmp(found.property, "index") == 0 && found.operand >= 0 && found.against >= 0) {
		suspect->limit = found.expected;
		suspect->proven = !found.from_message;
		text_format(suspect->index, sizeof suspect->index, "%s", event.operands[found.operand].name);
		text_format(suspect->table, sizeof suspect->table, "%s", event.operands[found.against].name);
	}
	free(knowledge);
}

static int
rank_of(const struct cuda_suspect *suspect)
{
	return suspect->proven ? 0 : suspect->takes_index ? 1 : strncmp(suspect->operation, "aten::", 6) != 0 ? 2 : 3;
}

/* Stable: within a rank the newest stays first. */
static void
sort(struct cuda_failure *cuda)
{
	for (int i = 1; i < cuda->suspect_count; i++)
		for (int k = i; k > 0 && rank_of(&cuda->suspects[k]) < rank_of(&cuda->suspects[k - 1]); k--) {
			struct cuda_suspect swapped = cuda->suspects[k];

			cuda->suspects[k] = cuda->suspects[k - 1];
			cuda->suspects[k - 1] = swapped;
		}
}

static bool
is_blocking(const struct source *source, int process)
{
	const struct note *notes;

	return source->notes(source->context, process, "environment", &notes) > 0 &&
	       strcmp(text_get(json_object_get(notes[0].json, "env"), "CUDA_LAUNCH_BLOCKING"), "1") == 0;
}

static void
locate(struct cuda_failure *cuda)
{
	int proven = 0, index = 0;

	for (int i = 0; i < cuda->suspect_count; i++) {
		proven += cuda->suspects[i].proven;
		index += cuda->suspects[i].takes_index;
	}
	if (proven == 1 || (cuda->operations == 1 && cuda->has_good)) {
		cuda->located = 0;
		cuda->confidence = "certain";
	} else if (cuda->error->code == CUDA_ASSERT && index == 1 && cuda->has_good) {
		cuda->located = 0;
		cuda->confidence = cuda->told.ours && cuda->suspects[0].event == cuda->told.event ? "certain" : "likely";
	}
}

/* Each launch was waited for: the one that told it is the one that failed. */
static void
locate_blocking(struct cuda_failure *cuda)
{
	cuda->has_good = true;
	cuda->operations = cuda->launches = 1;
	cuda->suspect_count = 1;
	cuda->suspects[0] = (struct cuda_suspect){ .event = cuda->told.event, .site = cuda->told.site, .step = cuda->told.step, .launches = 1,
						   .takes_index = takes_index(cuda->told.operation), .limit = -1 };
	text_format(cuda->suspects[0].operation, sizeof cuda->suspects[0].operation, "%s", cuda->told.operation);
	cuda->located = 0;
	cuda->confidence = "certain";
}

struct cuda_failure *
cuda_failure_find(const struct source *source, const struct failure *failure, const json_t *frames)
{
	struct cuda_failure *cuda = source->each_cuda_call ? calloc(1, sizeof *cuda) : NULL;
	struct cuda_filter filter = cuda_filter_all;
	struct search search = { cuda, failure->time_ns };
	struct window window = { .cuda = cuda };

	if (!cuda)
		return NULL;
	filter.failed = true;
	source->each_cuda_call(source->context, failure->process, &filter, find_told, &search);
	if (!cuda->error || !is_about(failure, cuda)) {
		free(cuda);
		return NULL;
	}
	cuda->located = -1;
	cuda->blocking = is_blocking(source, failure->process);
	if (cuda->blocking && cuda->told.operation[0]) {
		locate_blocking(cuda);
		weigh(source, failure, frames, &cuda->suspects[0]);
		return cuda;
	}
	filter = cuda_filter_all;
	filter.last = cuda->told.call - 1;
	filter.backward = true;
	if (filter.last > 0)
		source->each_cuda_call(source->context, failure->process, &filter, follow_back, &window);
	for (int i = 0; i < cuda->suspect_count; i++)
		weigh(source, failure, frames, &cuda->suspects[i]);
	sort(cuda);
	locate(cuda);
	return cuda;
}
