/* A rule about what isn't padded to a multiple, where the same line pads what comes on another way. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../mismatch/mismatch_rule.h"

#define BY_LEAST 3        /* of less, many a size is a multiple by chance */
#define LENGTHS_LEAST 3   /* different ones */
#define CALLS_LEAST 5
#define CALLS_MOST 4096   /* that are looked at */
#define SITES_MOST 16
#define STATEMENTS_MOST 80
#define PARAMETERS_MOST 16

/* What STEP's line made on other ways than STEP came. */
struct others {
	const struct cause_facts *facts;
	const struct lineage_step *step;
	int64_t by, calls, smallest, largest, site, from, to /* padded once */;
	int64_t lengths[LENGTHS_LEAST];
	int length_count;
	bool differs;
	struct { int64_t site; bool other; } sites[SITES_MOST]; /* asked about already */
	int site_count;
};

/* Does the way to SITE part from the step's in the program? Another call on the same line doesn't. */
static bool
is_other_way(struct others *others, int64_t site)
{
	char here[ELSEWHERE_LINE], there[ELSEWHERE_LINE];
	bool other;

	for (int i = 0; i < others->site_count; i++)
		if (others->sites[i].site == site)
			return others->sites[i].other;
	other = site != others->step->event.site && elsewhere_parts(others->facts->source, others->facts->process, others->step->event.site, site, here, there);
	if (others->site_count < SITES_MOST) {
		others->sites[others->site_count].site = site;
		others->sites[others->site_count++].other = other;
	}
	return other;
}

static bool
add_other(const struct event *event, void *context)
{
	struct others *others = context;
	const struct lineage_step *step = others->step;
	const struct operand *out = step->output < event->output_count ? &event->outputs[step->output] : NULL;
	int self = rule_any(event, "self input"), known = 0;
	int64_t size;

	if (!is_other_way(others, event->site) || !out || out->ndim != step->event.outputs[step->output].ndim)
		return true;
	size = out->sizes[step->dim];
	if (size < 1 || size % others->by)
		return !(others->differs = true);
	others->smallest = others->calls && others->smallest < size ? others->smallest : size;
	others->largest = others->largest > size ? others->largest : size;
	others->site = others->calls++ ? others->site : event->site;
	if (self >= 0 && event->operands[self].ndim == out->ndim && event->operands[self].sizes[step->dim] < size) {
		others->from = event->operands[self].sizes[step->dim];
		others->to = size;
	}
	while (known < others->length_count && others->lengths[known] != size)
		known++;
	if (known == others->length_count && known < LENGTHS_LEAST)
		others->lengths[others->length_count++] = size;
	return others->calls < CALLS_MOST;
}

/* The step nearest to the failure on the way of SIDE that is WHOLE here, and multiples of BY wherever else its line is reached from. */
static bool
find_step(const struct cause_facts *facts, const struct cause_side *side, int64_t whole, int64_t by, struct others *out)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];

		if (step->size != whole || step->dim < 0 || step->event.site < 0 || step->output >= step->event.output_count || step->event.outputs[step->output].ndim <= step->dim)
			continue;
		*out = (struct others){ .facts = facts, .step = step, .by = by };
		elsewhere_each(facts->source, facts->process, &step->event, add_other, out);
		if (!out->differs && out->calls >= CALLS_LEAST && out->length_count >= LENGTHS_LEAST)
			return true;
	}
	return false;
}

/* A function and its parameters with a default ("collate", "multiple"), as its def has them. */
struct function { char name[64], parameters[PARAMETERS_MOST][64]; int count; };

static size_t
word_length(const char *at)
{
	size_t length = 0;

	while (text_is_word(at[length]))
		length++;
	return length;
}

static bool
read_def(const char *text, struct function *out)
{
	const char *at = strstr(text, "def ");
	size_t length = at ? word_length(at + 4) : 0;

	out->count = 0;
	if (!length || length >= sizeof(out->name) || at != text)
		return false;
	text_format(out->name, sizeof(out->name), "%.*s", (int)length, at + 4);
	for (at += 4 + length; *at && out->count < PARAMETERS_MOST; at++) {
		length = text_is_word(at[-1]) ? 0 : word_length(at);
		if (length && length < sizeof(out->parameters[0]) && at[length + strspn(at + length, " ")] == '=')
			text_format(out->parameters[out->count++], sizeof(out->parameters[0]), "%.*s", (int)length, at);
	}
	return out->count > 0;
}

/* "multiple=WINDOW" of LINE, where PARAMETER is given a value after the function's name at AT; false if it isn't. */
static bool
is_given(const char *at, const char *parameter, char *out, size_t size)
{
	const char *given = text_word(at, parameter);

	if (!given || given[strlen(parameter)] != '=')
		return false;
	text_format(out, size, "%.*s", (int)strcspn(given, ",) "), given);
	return true;
}

/* A line that uses FUNCTION and gives PARAMETER a value, and one that doesn't, in CODE: says so in TEXT; false if there are no two. */
static bool
add_uses(struct text *text, const struct code *code, const char *file, const char *function, const char *parameter)
{
	int with = 0, without = 0;
	char line[512], given[96];

	for (int i = 1; i <= code->count; i++) {
		const char *at = code_line(code, i, line, sizeof(line)) ? text_word(line, function) : NULL;

		if (!at || *line == '#' || strncmp(line, "def ", 4) == 0 || strncmp(line, "from ", 5) == 0 || strncmp(line, "import ", 7) == 0)
			continue;
		if (!is_given(at, parameter, with ? line : given, with ? sizeof(line) : sizeof(given)))
			without = without ? without : i;
		else
			with = with ? with : i;
	}
	if (!with || !without)
		return false;
	text_add(text, ": %s is given %s at %s:%d, and not at %s:%d", function, given, file, with, file, without);
	return true;
}

/* The function around STEP's line is used in two ways: with one of its parameters, and without. */
static void
add_two_uses(const struct cause_facts *facts, struct text *text, const struct lineage_step *step)
{
	struct code_statement statements[STATEMENTS_MOST];
	struct function function = { .count = 0 };
	char file[512];
	struct code code;
	int line = cause_open(facts, step, &code, file, sizeof(file)), count;
	bool told = false;

	if (!line)
		return;
	count = code_statements(&code, line, statements, STATEMENTS_MOST);
	if (count > 0)
		read_def(statements[0].text, &function);
	for (int i = 0; i < function.count && !told; i++)
		told = add_uses(text, &code, file, function.name, function.parameters[i]);
	code_close(&code);
	for (int f = 0; facts->settings && f < facts->settings->file_count && !told; f++) {
		if (!text_ends(facts->settings->files[f], ".py") || !code_open(&code, facts->settings->files[f], facts->time_ns))
			continue;
		for (int i = 0; i < function.count && !told; i++)
			told = add_uses(text, &code, text_basename(facts->settings->files[f]), function.name, function.parameters[i]);
		code_close(&code);
	}
}

/* Needs: a size divided into parts of a number that it is no multiple of; on its way a line that made multiples of that number, of several lengths,
 * wherever else it was reached from. */
bool
cause_padded_elsewhere(const struct cause_facts *facts, struct cause *out)
{
	char here[ELSEWHERE_LINE] = "", there[ELSEWHERE_LINE] = "";
	struct others others;
	int64_t whole, by;
	int side = 1;

	if (!facts->source || !cause_split_by(facts, &whole, &by) || by < BY_LEAST)
		return false;
	if (!find_step(facts, &facts->sides[side], whole, by, &others) && !find_step(facts, &facts->sides[side = 0], whole, by, &others))
		return false;
	out->confidence = "likely";
	out->tells_news = true;
	out->setting = cause_named_number(facts, by, "window patch stride chunk block multiple segment group");
	text_add(&out->text, "%" PRId64 " is no multiple of %" PRId64, whole, by);
	cause_add_number(facts, &out->text, out->setting);
	text_add(&out->text, "; it came by ");
	cause_add_line(facts, &out->text, others.step, -1);
	elsewhere_parts(facts->source, facts->process, others.step->event.site, others.site, here, there);
	text_add(&out->text, ", reached from %s; reached from %s, that line made a multiple of it in each of %" PRId64 " calls (%" PRId64 " to %" PRId64, here, there, others.calls,
		 others.smallest, others.largest);
	if (others.to)
		text_add(&out->text, ", %" PRId64 " of %" PRId64 " once)", others.to, others.from);
	else
		text_add(&out->text, "%s", ")");
	if (cause_decider(&facts->sides[side])) {
		text_add(&out->evidence, "the %" PRId64 " was decided by ", whole);
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[side]));
	}
	text_add(&out->fix, "pad here as there, to a multiple of %" PRId64 " (%" PRId64 ")", by, (whole / by + 1) * by);
	add_two_uses(facts, &out->fix, others.step);
	return true;
}
