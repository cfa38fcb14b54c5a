#include "compiled.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compiled_call.h"
#include "compiled_symbols.h"
#include "../mismatch/mismatch_rule.h"
#include "../text.h"

#define FRAMES_MOST 40
#define UNKNOWN (-1)
#define STANDS_FOR (INT64_C(1) << 40) /* and more: sizes that nobody tells, one for each symbol, until it is known that they don't matter */
#define ANSWER_MOST 1024

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

/* Is it an expression of symbols, not one alone? Nothing but their values tells what it comes to. */
static bool
symbol_is_part(const char *at, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!text_is_word(at[i]))
			return true;
	return false;
}

/* "(3, s27, 24)" at AT, expressions of numbers among them; how many, -1. */
static int
read_sizes(const char *message, const char *at, int64_t *sizes)
{
	int count = 0;

	for (at++; *at && *at != ')';) {
		char word[32];
		const char *end = compiled_argument_end(at);
		size_t length = (size_t)(end - at);

		if (count == SUBJECT_DIMS_MOST)
			return -1;
		if (length && !compiled_value(at, end, &sizes[count++])) {
			if (length >= sizeof(word) || symbol_is_part(at, length))
				return -1;
			text_format(word, sizeof(word), "%.*s", (int)length, at);
			sizes[count - 1] = size_of(message, word);
		}
		at = end;
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

/* A call that is being read: ROOM is what is left of the second of OUT's names, where keywords and numbers are kept. */
struct reading { struct subject *out; const char *message, *operation; const json_t *frames; bool sizes; int tensors, numbers; char *room; };

/* WORD among the names that last as long as the operands do; NULL where there is no more room. */
static const char *
keep(struct reading *reading, const char *word)
{
	size_t left = (size_t)(reading->out->names[1] + sizeof(reading->out->names[1]) - reading->room), size = strlen(word) + 1;
	char *kept = reading->room;

	if (size > left)
		return NULL;
	memcpy(kept, word, size);
	reading->room += size;
	return kept;
}

/* Adds what is no tensor, NAME (NULL: nobody asks for it) of KIND; false where there is no room. */
static bool
add_value(struct reading *reading, const char *name, const char *kind, const char *value)
{
	struct subject *out = reading->out;
	const char *kept_name = name ? keep(reading, name) : NULL, *kept = kept_name ? keep(reading, value) : NULL;

	if (!name)
		return true;
	if (!kept || out->event.operand_count == SUBJECT_OPERANDS_MOST)
		return false;
	out->operands[out->event.operand_count++] = (struct operand){ .name = kept_name, .kind = kind, .item = -1, .tensor = -1, .ndim = -1, .value = kept };
	return true;
}

/* Adds the number or expression of numbers at AT to the sizes that are asked for, or as argument NAME; false if it is none. */
static bool
add_number(struct reading *reading, const char *at, const char *end, const char *name)
{
	char *sizes = reading->out->names[0], value[24];
	size_t used = strlen(sizes);
	int64_t number;

	if (!compiled_value(at, end, &number))
		return false;
	text_format(value, sizeof(value), "%" PRId64, number);
	if (!reading->sizes)
		return add_value(reading, name, "int", value);
	text_format(sizes + used, sizeof(reading->out->names[0]) - used, "%s%s", reading->numbers++ ? "," : "", value);
	return true;
}

/* Adds a list of tensors, or of sizes. */
static bool
add_list(struct reading *reading, const struct compiled_call *call)
{
	for (const char *item = call->at + 1; item < call->end && *item && !strchr(")]", *item);) {
		const char *end = compiled_argument_end(item);

		if (reading->sizes ? !add_number(reading, item, end, NULL)
				   : !add_tensor(reading->out, reading->message, item, end, reading->frames, "tensors", reading->tensors++))
			return false;
		item = end + (*end == ',');
		item += strspn(item, " ");
	}
	return true;
}

/* What CALL's argument is called: by its keyword, by its place, or (0: the first) as the PLACE-th tensor; NULL if nobody knows. */
static const char *
argument_name(struct reading *reading, const struct compiled_call *call, bool parameter, int place)
{
	static const char *const others[] = { "self", "other", "third", "more" };
	const char *name = *call->keyword ? keep(reading, call->keyword) : compiled_argument_name(reading->operation, call->place);

	return name || *call->keyword ? name : parameter ? SAY("a parameter") : others[place < 3 ? place : 3];
}

static bool
add_argument(struct reading *reading, const struct compiled_call *call)
{
	const char *keyword = *call->keyword ? call->keyword : compiled_argument_name(reading->operation, call->place);
	const char *stand_in = strstr(call->at, "FakeTensor("), *name;

	if (add_number(reading, call->at, call->end, keyword))
		return true;
	if (!*call->keyword && (*call->at == '[' || *call->at == '('))
		return add_list(reading, call);
	if (strncmp(call->at, "True", 4) == 0 && call->at + 4 == call->end)
		return add_value(reading, keyword, "bool", "true");
	if (!stand_in || stand_in >= call->end)
		return !reading->sizes || *call->keyword;
	name = argument_name(reading, call, strncmp(call->at, "Parameter(", 10) == 0, reading->tensors++);
	return name && add_tensor(reading->out, reading->message, call->at, call->end, reading->frames, name, -1);
}

/* The arguments at AT of operation NAME, as compiled_find_call gives them: operands and what disagrees among them. */
static bool
read_call(struct subject *out, const char *message, const char *name, const char *at, const json_t *frames, struct mismatch *found)
{
	char operation[80], answer[ANSWER_MOST];
	struct mismatch_facts facts = { .event = &out->event, .message = compiled_answer(message, answer, sizeof(answer)) ? answer : NULL };
	struct reading reading = { out, message, name, frames, .sizes = text_among("view reshape", name), .room = out->names[1] };
	struct compiled_call call;

	subject_start(out, "");
	text_format(operation, sizeof(operation), "aten::%s", name);
	out->event.operation = keep(&reading, operation);
	text_format(out->names[0], sizeof(out->names[0]), "[");
	for (compiled_start(&call, at); compiled_next_argument(&call);)
		if (!add_argument(&reading, &call))
			return false;
	if (reading.numbers && out->event.operand_count < SUBJECT_OPERANDS_MOST) {
		size_t used = strlen(out->names[0]);

		text_format(out->names[0] + used, sizeof(out->names[0]) - used, "]");
		out->operands[out->event.operand_count++] = (struct operand){ .name = "size", .kind = "int[]", .item = -1, .tensor = -1, .ndim = -1,
									      .value = out->names[0] };
	}
	mismatch_start(found);
	if (!reading.tensors || !find_mismatch(&facts, out, found))
		return false;
	set_variable(out, frames, found->operand, found->dim);
	set_variable(out, frames, found->against, found->against_dim);
	return true;
}

/* The call that is read with one set of values after the other. */
struct valued { struct subject *out; const char *message, *name; const json_t *frames; struct mismatch *found; char call[COMPILED_CALL_MOST]; bool apart; };

/* Is what was FOUND in the dimension that torch tells ("at non-singleton dimension 1", of what both would make), if it tells one? */
static bool
is_told(const struct subject *out, const char *message, const struct mismatch *found)
{
	static const char mark[] = "at non-singleton dimension ";
	const char *at = strstr(message, mark);
	int most = 0;

	for (int i = 0; i < out->event.operand_count; i++)
		most = out->operands[i].ndim > most ? out->operands[i].ndim : most;
	return !at || found->operand < 0 || found->dim < 0 ||
	       most - strtoll(at + strlen(mark), NULL, 10) == out->operands[found->operand].ndim - found->dim;
}

static bool
read_valued(const char *call, void *context)
{
	struct valued *valued = context;

	if (strcmp(call, valued->call) == 0 || !read_call(valued->out, valued->message, valued->name, call, valued->frames, valued->found) ||
	    !is_told(valued->out, valued->message, valued->found))
		return true;
	if (*valued->call)
		return !(valued->apart = true); /* by two variables of unlike sizes it fails */
	memcpy(valued->call, call, sizeof(valued->call));
	return true;
}

bool
compiled_subject(struct subject *out, const char *message, const json_t *frames, struct mismatch *found)
{
	char name[64];
	const char *at = compiled_find_call(message, name, sizeof(name));
	struct valued valued = { .out = out, .message = message, .name = name, .frames = frames, .found = found };

	if (!at)
		return false;
	if (read_call(out, message, name, at, frames, found))
		return true;
	compiled_each(message, at, frames, read_valued, &valued);
	return *valued.call && !valued.apart && read_call(out, message, name, valued.call, frames, found);
}
