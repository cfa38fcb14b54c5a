/* What disagrees was made in a fallback: in an except branch, or after the try whose error was handled. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../failure/failure_process.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define STEPS_MOST 12    /* of a side's story, from the failure on */
#define LINES_AFTER_MOST 20 /* that follow a handled line, where the source isn't readable */
#define OFTEN 3          /* times before, in which what it made was no trouble */
#define RECENT_MOST 3000 /* operations among which a layer of the size before is looked for */
#define MESSAGE_MOST 110

/* An exception of NOTE that was handled at LINE of the file, by what its message names: the size in question, and the other one (0: not named). */
struct handled { const struct note *note; int line; bool names_size; int64_t other; };

/* The fallback that a side's story goes through. */
struct way {
	const struct cause_side *side;
	const struct lineage_step *step;
	const char *file; /* lives as long as the frames */
	json_t *frames;
	int line;         /* of the step, in the fallback */
	struct code_fallback at;
	struct handled handled;
	char source[200], tried[200]; /* of that line, and of the one whose error was handled; "" */
};

/* --- what was handled --------------------------------------------------------------------------------- */

static const json_t *
exception_of(const struct note *note)
{
	const json_t *exception = json_object_get(note->json, "exception");

	return exception ? exception : note->json;
}

/* Does the number that ends at AT count a dimension, an argument or a list's item rather than being a size? */
static bool
is_ordinal(const char *message, const char *at)
{
	static const char words[] = "dimension dim number argument index position line #";
	char word[16];
	const char *end = at, *from;

	while (end > message && strchr("0123456789-", end[-1]))
		end--;
	while (end > message && end[-1] == ' ')
		end--;
	for (from = end; from > message && text_is_word(from[-1]); from--)
		continue;
	text_format(word, sizeof(word), "%.*s", (int)(end - from), from);
	return text_among(words, word);
}

/* The two sizes that MESSAGE holds against each other, of two shapes or as the only ones; false where it tells no two, or more. */
static bool
two_sizes(const char *message, int64_t *one, int64_t *other)
{
	int64_t shapes[2][CAUSE_SHAPE_MOST], number;
	const char *at = message;
	int ndim, last = 0;

	*one = *other = 0;
	for (int n = 0; (ndim = cause_message_shape(message, n, shapes[n % 2])) > 0; last = ndim, n++) {
		int apart = 0;

		for (int d = 0; d < ndim && n && ndim == last && ndim > 1; d++)
			if (shapes[0][d] != shapes[1][d] && !apart++) {
				*one = shapes[0][d];
				*other = shapes[1][d];
			}
		if (apart)
			return apart == 1;
	}
	while (text_number(&at, &number)) {
		if (number == *one || number == *other || is_ordinal(message, at))
			continue;
		if (*one && *other)
			return false;
		*(*one ? other : one) = number;
	}
	return *one && *other;
}

/* Does the failure come of that exception itself? */
static bool
is_own(const struct cause_facts *facts, const struct note *note)
{
	const char *message = text_get(exception_of(note), "message");

	return (facts->message && failure_same_message(facts->message, message)) || (facts->event && facts->event->id >= 0 && note->event == facts->event->id);
}

/* The line of FILE, from FIRST to LAST, that the exception of NOTE came through; 0. */
static int
came_through(const struct cause_facts *facts, const struct note *note, const char *file, int first, int last)
{
	json_t *frames = json_incref(json_object_get(note->json, "frames"));
	struct event event;
	int line = 0;

	if (!frames && note->event >= 0 && facts->source->event(facts->source->context, facts->process, note->event, &event))
		frames = where_site_frames(facts->source, facts->process, event.site);
	for (size_t i = 0; i < json_array_size(frames) && !line; i++) {
		const json_t *frame = json_array_get(frames, i);
		int64_t at = json_integer_value(json_object_get(frame, "line"));

		if (at >= first && at <= last && strcmp(text_get(frame, "file"), file) == 0)
			line = (int)at;
	}
	json_decref(frames);
	return line;
}

/* The newest exception before STEP that came through a line of FILE from FIRST to LAST, in OUT; one that names SIZE is preferred. */
static bool
find_handled(const struct cause_facts *facts, const struct lineage_step *step, const char *file, int first, int last, int64_t size, struct handled *out)
{
	const struct note *notes;
	int count = facts->source->notes(facts->source->context, facts->process, NULL, &notes);

	*out = (struct handled){ 0 };
	for (int i = 0; i < count; i++) {
		const struct note *note = &notes[i];
		struct handled is = { .note = note };
		int64_t one, other;

		if (!text_among("operation exception", note->kind) || is_own(facts, note) || (note->event >= 0 && step->event.id >= 0 && note->event > step->event.id) ||
		    !(is.line = came_through(facts, note, file, first, last)))
			continue;
		if (size > 0 && two_sizes(text_get(exception_of(note), "message"), &one, &other) && (one == size || other == size)) {
			is.names_size = true;
			is.other = one == size ? other : one;
		}
		if (is.names_size || !out->names_size)
			*out = is;
	}
	return out->note != NULL;
}

/* --- where it was made ---------------------------------------------------------------------------------- */

/* Branches that are the ordinary way (a cache that is empty at first, a loader at its end), or that run what was tried once more. */
static bool
is_ordinary(const struct code *code, const struct code_fallback *at, int line)
{
	char tried[300], said[300];

	if (strstr(at->clause, "StopIteration") || strstr(at->clause, "KeyError") || strstr(at->clause, "AttributeError") || strstr(at->clause, "Import") ||
	    strstr(at->clause, "ModuleNotFound") || strstr(at->clause, "Empty"))
		return true;
	if (!code_line(code, line, said, sizeof(said)))
		return false;
	for (int i = at->tried + 1; i <= at->tried_last; i++)
		if (code_line(code, i, tried, sizeof(tried)) && strcmp(tried, said) == 0)
			return true;
	return false;
}

/* Did the program fail within the branch itself? Then all that it runs is of it. */
static bool
fails_within(const struct cause_facts *facts, const char *file, const struct code_fallback *at)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++) {
		const json_t *frame = json_array_get(facts->frames, i);
		int64_t line = json_integer_value(json_object_get(frame, "line"));

		if (line >= at->branch && line <= at->last && strcmp(text_get(frame, "file"), file) == 0)
			return true;
	}
	return false;
}

static bool
count_before(const struct event *event, void *context)
{
	return event && ++*(int *)context < OFTEN;
}

/* Has the step's line made such a thing several times before? */
static bool
is_often(const struct cause_facts *facts, const struct lineage_step *step)
{
	int count = 0;

	if (step->event.id >= 0)
		facts->source->each_call(facts->source->context, facts->process, &step->event, count_before, &count);
	return count >= OFTEN;
}

/* Is WAY, whose line is in the branch that CODE tells, the fallback that made the side what it is? A step that only PASSES it on needs an error that names the size. */
static bool
in_branch(const struct cause_facts *facts, const struct code *code, bool passes, struct way *way)
{
	if (!code_fallback(code, way->line, &way->at) || fails_within(facts, way->file, &way->at))
		return false;
	find_handled(facts, way->step, way->file, way->at.tried, way->at.tried_last, way->side->size, &way->handled);
	if (way->handled.names_size)
		return true;
	return !passes && !is_ordinary(code, &way->at, way->line) && !is_often(facts, way->step);
}

/* Does it follow a line that is tried, in its own function, whose error named its size? Without the source (CODE NULL): not far after it. */
static bool
after_try(const struct cause_facts *facts, const struct code *code, const char *function, struct way *way)
{
	int first = code || way->line < LINES_AFTER_MOST ? 1 : way->line - LINES_AFTER_MOST;

	if (!find_handled(facts, way->step, way->file, first, way->line - 1, way->side->size, &way->handled) || !way->handled.names_size)
		return false;
	if (code)
		return code_follows_try(code, way->line, way->handled.line, &way->at);
	for (size_t i = 0; i < json_array_size(json_object_get(way->handled.note->json, "frames")); i++) {
		const json_t *frame = json_array_get(json_object_get(way->handled.note->json, "frames"), i);

		if (json_integer_value(json_object_get(frame, "line")) == way->handled.line)
			return strcmp(text_get(frame, "function"), function) == 0;
	}
	return false;
}

static bool
look_at_frame(const struct cause_facts *facts, const json_t *frame, bool passes, struct way *way)
{
	struct code code;
	bool found;

	way->file = text_get(frame, "file");
	way->line = (int)json_integer_value(json_object_get(frame, "line"));
	if (!where_is_program(way->file) || way->line < 2)
		return false;
	if (!code_open(&code, way->file, facts->time_ns))
		return after_try(facts, NULL, text_get(frame, "function"), way);
	found = in_branch(facts, &code, passes, way) || after_try(facts, &code, text_get(frame, "function"), way);
	if (found && !code_line(&code, way->line, way->source, sizeof(way->source)))
		*way->source = 0;
	if (found && !code_line(&code, way->handled.line, way->tried, sizeof(way->tried)))
		*way->tried = 0;
	code_close(&code);
	return found;
}

/* The step of SIDE's story, up to what decided it, that was called from a fallback. */
static bool
find_way(const struct cause_facts *facts, const struct cause_side *side, struct way *way)
{
	const struct lineage *lineage = side->lineage;
	int last = lineage ? (lineage->decider >= 0 ? lineage->decider : lineage->count - 1) : -1;

	for (int i = 0; i <= last && i < STEPS_MOST; i++) {
		*way = (struct way){ .side = side, .step = &lineage->steps[i] };
		way->frames = where_site_frames(facts->source, facts->process, way->step->event.site);
		for (size_t f = 0; f < json_array_size(way->frames); f++)
			if (look_at_frame(facts, json_array_get(way->frames, f), i != last || lineage->decider < 0, way))
				return true;
		json_decref(way->frames);
	}
	return false;
}

/* --- what to say ---------------------------------------------------------------------------------------- */

/* "RuntimeError at init.py:14 (...) was handled" */
static void
add_handled(struct text *text, const struct way *way)
{
	const json_t *exception = exception_of(way->handled.note);
	const char *is = text_get(exception, "type");

	text_add(text, "%s at %s:%d (", strncmp(is, "c10::", 5) == 0 ? SAY("the error") : is, text_basename(way->file), way->handled.line);
	text_add_short(text, text_get(exception, "message"), MESSAGE_MOST);
	text_add(text, ") was handled");
}

struct keeper { int64_t rows, columns; struct event event; bool found; };

/* A layer's weight that still has as many rows, of the same width. */
static bool
look_keeper(const struct event *event, void *context)
{
	struct keeper *keeper = context;
	int place = cause_weight_place(event);
	const struct operand *weight = place >= 0 ? &event->operands[place] : NULL;

	if (!weight || weight->ndim != 2 || !mismatch_is_any(event->operation, "linear addmm embedding") || strcmp(event->phase, "forward") != 0)
		return true;
	keeper->found = (weight->sizes[0] == keeper->rows && weight->sizes[1] == keeper->columns) || (weight->sizes[1] == keeper->rows && weight->sizes[0] == keeper->columns);
	keeper->event = *event;
	return !keeper->found;
}

/* What the size should have been: by name, and of a layer beside it. */
static void
tell_sizes(const struct cause_facts *facts, const struct way *way, struct cause *out)
{
	const struct operand *operand = &facts->event->operands[way->side->place];
	struct keeper keeper = { .rows = way->handled.other, .columns = operand->ndim == 2 ? operand->sizes[1] : -1 };

	text_add(&out->text, "%s has %" PRId64 " instead of %" PRId64, cause_operand_name(facts, way->side->place), way->side->size, way->handled.other);
	out->setting = cause_named_number(facts, way->handled.other, "vocab rows size num count length");
	if (out->setting)
		cause_add_number(facts, &out->text, out->setting);
	text_add(&out->text, " since a fallback: %s:%d", text_basename(way->file), way->line);
	if (way->at.branch)
		text_add(&out->text, " (`%s`)", way->at.clause);
	text_add(&out->text, " put it in place after ");
	add_handled(&out->text, way);
	if (way->side->dim != 0 || keeper.columns < 0)
		return;
	facts->source->each_recent(facts->source->context, facts->process, RECENT_MOST, look_keeper, &keeper);
	if (!keeper.found)
		return;
	text_add(&out->evidence, "a layer has %" PRId64 " rows still: ", way->handled.other);
	cause_add_event(facts, &out->evidence, &keeper.event);
}

static void
tell_branch(const struct cause_facts *facts, const struct way *way, struct cause *out)
{
	text_add(&out->text, "%s comes from a fallback: ", cause_operand_name(facts, way->side->place));
	if (*way->source)
		text_add(&out->text, "`%s` at ", way->source);
	text_add(&out->text, "%s:%d stands under `%s`, and ran because what is tried at line %d had raised", text_basename(way->file), way->line, way->at.clause, way->at.tried + 1);
	if (way->handled.note) {
		text_add(&out->text, "; ");
		add_handled(&out->text, way);
	}
	text_add(&out->text, "; %s", facts->mismatch->text);
}

/* Was it a copy into what is there that failed, by the line that was tried? */
static bool
is_copy(const struct way *way)
{
	return strstr(way->tried, "copy_(") || strstr(way->tried, "] = ") || strstr(way->tried, ".data = ");
}

static void
tell_fix(const struct cause_facts *facts, const struct way *way, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const char *file = text_basename(way->file), *wanted = way->side == &facts->sides[0] ? mismatch->expected_name : mismatch->actual_name;
	int64_t size = way->side->size, other = way->handled.names_size ? way->handled.other : 0;

	if (other && other > size && is_copy(way))
		text_add(&out->fix, "repair what failed at %s:%d instead of replacing it at line %d: copy the %" PRId64 " into the first %" PRId64 " of the %" PRId64
			 " that are there (x[:%" PRId64 "].copy_(...)), and keep all %" PRId64, file, way->handled.line, way->line, size, size, other, size, other);
	else if (other)
		text_add(&out->fix, "repair what failed at %s:%d, or let the fallback at line %d make %" PRId64 " as well, not %" PRId64, file, way->handled.line, way->line, other,
			 size);
	else if (wanted)
		text_add(&out->fix, "let the fallback at %s:%d make %s, as what is tried at line %d does; or see what fails there", file, way->line, wanted, way->at.tried + 1);
	else
		text_add(&out->fix, "let the fallback at %s:%d make what line %d would have made, of the same shape; or see what fails there", file, way->line,
			 way->at.tried + 1);
}

/* Was the size there in every call, which all went well? Then the other side is what differs. */
static bool
was_always_so(const struct cause_facts *facts, const struct cause_side *side)
{
	return cause_disagrees(facts, "size") && side->calls >= OFTEN && side->smallest == side->largest && side->smallest == side->size;
}

/* Needs: what disagrees was made (or put in place) by a line of the program's that stands in an except branch, which runs only after what was tried has raised; a size that
 * was only put in place there, or after the try, only where the handled error named it beside another one. */
bool
cause_fallback(const struct cause_facts *facts, struct cause *out)
{
	struct way way;

	if (!facts->source || !facts->mismatch || !facts->event || facts->event->id < 0 || cause_is_raised(facts) ||
	    !text_among("size rank index dtype device numel", facts->mismatch->property))
		return false;
	for (int i = 1; i >= 0; i--) {
		if (facts->sides[i].place < 0 || was_always_so(facts, &facts->sides[i]) || !find_way(facts, &facts->sides[i], &way))
			continue;
		out->confidence = "likely";
		if (way.handled.names_size)
			tell_sizes(facts, &way, out);
		else
			tell_branch(facts, &way, out);
		tell_fix(facts, &way, out);
		json_decref(way.frames);
		return true;
	}
	return false;
}
