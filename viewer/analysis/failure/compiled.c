#include "compiled.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiled_symbols.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"
#include "../where.h"

#define FRAMES_MOST 40
#define UNKNOWN (-1)
#define STANDS_FOR (INT64_C(1) << 40) /* and more: sizes that nobody tells, one for each symbol, until it is known that they don't matter */
#define EVENTS_MOST 65536

/* What torch calls an operation's tensors, in order. */
static const struct { const char *operations, *names[3]; } argument_names[] = {
	{ "linear conv1d conv2d conv3d embedding", { "input", "weight", "bias" } },
	{ "mm bmm", { "self", "mat2", "" } },
	{ "addmm baddbmm", { "self", "mat1", "mat2" } },
	{ "cross_entropy mse_loss nll_loss", { "self", "target", "weight" } },
};

static const char *
argument_name(const char *operation, int place)
{
	static const char *const others[] = { "self", "other", "third" };

	for (size_t i = 0; i < sizeof(argument_names) / sizeof(*argument_names); i++)
		if (place < 3 && text_among(argument_names[i].operations, operation))
			return argument_names[i].names[place];
	return place < 3 ? others[place] : "more";
}

/* "call_function <built-in function add>(*(" or "call_method view(*(": the name, and where the arguments begin; NULL. */
static const char *
find_call(const char *message, char *name, size_t size)
{
	static const char *const marks[] = { "<built-in function ", "<built-in method ", "<function ", "call_method " };
	const char *at = message ? strstr(message, "fake tensors: call_") : NULL, *begin = at ? strstr(at, "(*(") : NULL;

	for (size_t i = 0; begin && i < sizeof(marks) / sizeof(*marks); i++) {
		const char *word = strstr(at, marks[i]);
		size_t length = 0;

		if (!word || word > begin)
			continue;
		word += strlen(marks[i]);
		while (isalnum((unsigned char)word[length]) || word[length] == '_')
			length++;
		text_format(name, size, "%.*s", (int)length, word);
		return length ? begin + 3 : NULL;
	}
	return NULL;
}

/* What the message says that SYMBOL stood for: "(s27: hint = 13)". */
static int64_t
hint_of(const char *message, const char *symbol)
{
	char mark[64];
	const char *at;

	text_format(mark, sizeof(mark), "%s: hint = ", symbol);
	at = strstr(message, mark);
	return at ? strtoll(at + strlen(mark), NULL, 10) : UNKNOWN;
}

/* What SYMBOL stands for: as the message tells, else a stand-in of its own ("s27" and "s27" are one size). */
static int64_t
size_of(const char *message, const char *symbol)
{
	int64_t hint = hint_of(message, symbol);

	if (hint != UNKNOWN)
		return hint;
	return *symbol == 's' && isdigit((unsigned char)symbol[1]) && strspn(symbol + 1, "0123456789") == strlen(symbol + 1)
		? STANDS_FOR + strtoll(symbol + 1, NULL, 10) % 1000000 : UNKNOWN;
}

static bool
is_unknown(int64_t size)
{
	return size == UNKNOWN || size >= STANDS_FOR;
}

/* "(3, s27, 24)" at AT; how many, -1. */
static int
read_sizes(const char *message, const char *at, int64_t *sizes)
{
	int count = 0;

	for (at++; *at && *at != ')';) {
		char word[32];
		size_t length = strcspn(at, ",)");

		if (count == SUBJECT_DIMS_MOST || length >= sizeof(word))
			return -1;
		text_format(word, sizeof(word), "%.*s", (int)length, at);
		if (length)
			sizes[count++] = isdigit((unsigned char)*word) ? strtoll(word, NULL, 10) : size_of(message, word);
		at += length;
		at += strspn(at, ", ");
	}
	return *at == ')' ? count : -1;
}

struct visit { const json_t *found; const int64_t *sizes; int ndim, dim; int64_t size; int times; };

static void
visit_tensor(const json_t *local, struct visit *visit)
{
	const json_t *shape = json_object_get(local, "shape");
	int rank = (int)json_array_size(shape);
	bool fits = strcmp(text_get(local, "kind"), "tensor") == 0;

	if (visit->sizes)
		fits = fits && rank == visit->ndim;
	for (int d = 0; fits && visit->sizes && d < rank; d++)
		fits = is_unknown(visit->sizes[d]) || json_integer_value(json_array_get(shape, (size_t)d)) == visit->sizes[d];
	if (!visit->sizes)
		fits = fits && visit->dim < rank && json_integer_value(json_array_get(shape, (size_t)visit->dim)) == visit->size &&
		       json_is_integer(json_object_get(local, "tensor"));
	if (!fits || (visit->found && json_equal(json_object_get(visit->found, "tensor"), json_object_get(local, "tensor"))))
		return;
	visit->times++;
	visit->found = local;
}

static void
visit_list(const json_t *locals, struct visit *visit, int depth)
{
	for (size_t i = 0; i < json_array_size(locals); i++) {
		visit_tensor(json_array_get(locals, i), visit);
		if (depth < 2)
			visit_list(json_object_get(json_array_get(locals, i), "items"), visit, depth + 1);
	}
}

/* The only tensor of the program's variables that VISIT asks for; NULL. */
static const json_t *
find_variable(const json_t *frames, struct visit *visit)
{
	for (size_t f = 0; f < json_array_size(frames) && f < FRAMES_MOST; f++)
		visit_list(json_object_get(json_array_get(frames, f), "locals"), visit, 0);
	return visit->times == 1 ? visit->found : NULL;
}

/* Sizes that are still unknown, by the variable that has all of the others. False where not even a symbol is told. */
static bool
fill_sizes(const json_t *frames, int64_t *sizes, int ndim)
{
	struct visit visit = { .sizes = sizes, .ndim = ndim };
	const json_t *local;
	bool known = true, told = true;

	for (int d = 0; d < ndim; d++) {
		known = known && !is_unknown(sizes[d]);
		told = told && sizes[d] != UNKNOWN;
	}
	local = known ? NULL : find_variable(frames, &visit);
	for (int d = 0; local && d < ndim; d++)
		sizes[d] = json_integer_value(json_array_get(json_object_get(local, "shape"), (size_t)d));
	return told || local;
}

/* The end of the argument at AT, on its own level. */
static const char *
argument_end(const char *at)
{
	for (int depth = 0; *at; at++) {
		depth += strchr("([{", *at) ? 1 : strchr(")]}", *at) ? -1 : 0;
		if (depth < 0 || (depth == 0 && *at == ','))
			break;
	}
	return at;
}

/* A stand-in tells its dtype unless it is float32. */
static const char *
dtype_of(const char *at, const char *end)
{
	static const char *const dtypes[] = { "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float64" };
	const char *mark = strstr(at, "dtype=torch.");

	for (size_t i = 0; mark && mark < end && i < sizeof(dtypes) / sizeof(*dtypes); i++)
		if (strncmp(mark + 12, dtypes[i], strlen(dtypes[i])) == 0 && !isalnum((unsigned char)mark[12 + strlen(dtypes[i])]))
			return dtypes[i];
	return mark && mark < end ? NULL : "float32";
}

/* Whether a stand-in is among OUT's sizes; each becomes WITH, or (0) another. */
static bool
replace_unknown(struct subject *out, int64_t with)
{
	bool any = false;

	for (int i = 0; i < out->event.operand_count; i++)
		for (int d = 0; d < out->operands[i].ndim; d++)
			if (out->sizes[i][d] >= STANDS_FOR) {
				out->sizes[i][d] = with ? with : 2 * out->sizes[i][d] + 1;
				any = true;
			}
	return any;
}

/* What disagrees, whatever the sizes are that nobody tells; those are unknown afterwards. */
static bool
find_mismatch(const struct mismatch_facts *facts, struct subject *out, struct mismatch *found)
{
	struct mismatch again;
	bool same;

	if (!mismatch_find(facts, found))
		return false;
	if (!replace_unknown(out, 0))
		return true;
	same = mismatch_find(facts, &again) && again.operand == found->operand && again.against == found->against && again.dim == found->dim &&
	       again.expected == found->expected && again.actual == found->actual && found->expected < STANDS_FOR && found->actual < STANDS_FOR;
	replace_unknown(out, UNKNOWN);
	return same;
}

static bool
add_tensor(struct subject *out, const char *message, const char *at, const char *end, const json_t *frames, const char *name, int item)
{
	const char *size = strstr(at, "size=(");
	int64_t sizes[SUBJECT_DIMS_MOST];
	int ndim, place = out->event.operand_count;

	if (!size || size > end)
		return false;
	ndim = read_sizes(message, size + 5, sizes);
	if (ndim < 0 || !fill_sizes(frames, sizes, ndim) || !subject_add_sizes(out, name, sizes, ndim))
		return false;
	out->operands[place].item = item;
	out->operands[place].dtype = dtype_of(at, end);
	return true;
}

/* The size that disagrees at PLACE came in with a variable that alone has it there. */
static void
set_variable(struct subject *out, const json_t *frames, int place, int dim)
{
	struct operand *operand = place >= 0 ? &out->operands[place] : NULL;
	struct visit visit = { .dim = dim };
	const json_t *local;

	if (!operand || dim < 0 || dim >= operand->ndim)
		return;
	visit.size = operand->sizes[dim];
	local = find_variable(frames, &visit);
	if (local)
		operand->tensor = json_integer_value(json_object_get(local, "tensor"));
}

/* Adds the number or expression of numbers at AT to the sizes that are asked for; false if it is none. */
static bool
add_number(struct subject *out, const char *at, const char *end, int numbers)
{
	size_t used = strlen(out->names[0]);
	int64_t value;

	if (!compiled_value(at, end, &value))
		return false;
	text_format(out->names[0] + used, sizeof(out->names[0]) - used, "%s%" PRId64, numbers ? "," : "", value);
	return true;
}

/* The arguments at AT of operation NAME, as find_call gives them: operands and what disagrees among them. */
static bool
read_call(struct subject *out, const char *message, const char *name, const char *at, const json_t *frames, struct mismatch *found)
{
	struct mismatch_facts facts = { .event = &out->event, .message = message };
	bool sizes = text_among("view reshape", name);
	int tensors = 0, numbers = 0;

	subject_start(out, "");
	text_format(out->types[0], sizeof(out->types[0]), "aten::%.24s", name);
	out->event.operation = out->types[0];
	text_format(out->names[0], sizeof(out->names[0]), "[");
	while (*at && *at != ')') {
		const char *end = argument_end(at);

		if (add_number(out, at, end, numbers)) {
			numbers++;
		} else if (*at == '[' || *at == '(') { /* a list, of tensors or of sizes */
			for (const char *item = at + 1; item < end && *item && !strchr(")]", *item);) {
				const char *item_end = argument_end(item);

				if (sizes ? !add_number(out, item, item_end, numbers++) : !add_tensor(out, message, item, item_end, frames, "tensors", tensors++))
					return false;
				item = item_end + (*item_end == ',');
				item += strspn(item, " ");
			}
		} else if (strstr(at, "FakeTensor(") && strstr(at, "FakeTensor(") < end) {
			bool parameter = strncmp(at, "Parameter(", 10) == 0;

			if (!add_tensor(out, message, at, end, frames, parameter ? SAY("a parameter") : argument_name(name, tensors), -1))
				return false;
			tensors++;
		} else if (sizes) {
			return false;
		}
		at = end + (*end == ',');
		at += strspn(at, " ");
	}
	if (numbers && sizes && out->event.operand_count < SUBJECT_OPERANDS_MOST) {
		size_t used = strlen(out->names[0]);

		text_format(out->names[0] + used, sizeof(out->names[0]) - used, "]");
		out->operands[out->event.operand_count++] = (struct operand){ .name = "size", .kind = "int[]", .item = -1, .tensor = -1, .ndim = -1,
									      .value = out->names[0] };
	}
	mismatch_start(found);
	if (!tensors || !find_mismatch(&facts, out, found))
		return false;
	set_variable(out, frames, found->operand, found->dim);
	set_variable(out, frames, found->against, found->against_dim);
	return true;
}

bool
compiled_subject(struct subject *out, const char *message, const json_t *frames, struct mismatch *found)
{
	char name[64], call[COMPILED_CALL_MOST], same[COMPILED_CALL_MOST] = "";
	const char *at = find_call(message, name, sizeof(name));
	struct text_walk walk = { 0 };

	if (!at)
		return false;
	if (read_call(out, message, name, at, frames, found))
		return true;
	while (text_among("view reshape", name) && compiled_next(message, at, frames, &walk, call)) {
		if (strcmp(call, same) == 0 || !read_call(out, message, name, call, frames, found))
			continue;
		if (*same)
			return false; /* by two variables of unlike sizes it fails */
		memcpy(same, call, sizeof(same));
	}
	return *same && read_call(out, message, name, same, frames, found);
}

struct search { const struct source *source; int process; struct subject *subject; };

static bool
look_at(const struct event *event, void *context)
{
	const struct search *search = context;
	struct subject *subject = search->subject;
	char line[512];

	for (int o = 0; o < event->output_count; o++) {
		const struct operand *is = &event->outputs[o];

		if (is->tensor <= 0 || is->ndim < 1 || !is->device || strcmp(is->device, "meta") == 0)
			continue;
		for (int i = 0; i < subject->event.operand_count; i++) {
			struct operand *operand = &subject->operands[i];

			if (operand->tensor >= 0 || operand->ndim != is->ndim || !operand->dtype || !is->dtype || strcmp(operand->dtype, is->dtype) != 0 ||
			    memcmp(operand->sizes, is->sizes, (size_t)is->ndim * sizeof(*is->sizes)) != 0)
				continue;
			if (where_site_line(search->source, search->process, event->site, false, line, sizeof(line)) && *line != '<') /* not within a graph */
				operand->tensor = is->tensor;
		}
	}
	return true;
}

void
compiled_find_made(const struct source *source, int process, struct subject *subject)
{
	struct search search = { source, process, subject };

	source->each_recent(source->context, process, EVENTS_MOST, look_at, &search);
}
