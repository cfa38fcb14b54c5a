#include "causes_tool.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "code/code.h"
#include "../knowledge.h"
#include "../mismatch/mismatch_rule.h"
#include "../mismatch/operand.h"
#include "../where.h"

#define LOCAL_DEPTH_MOST 3
#define SOURCE_MOST 90

bool
cause_disagrees(const struct cause_facts *facts, const char *property)
{
	return facts->event && facts->mismatch && strcmp(facts->mismatch->property, property) == 0;
}

bool
cause_is_raised(const struct cause_facts *facts)
{
	return !facts->event || !strchr(facts->event->operation, ':');
}

bool
cause_is(const struct cause_facts *facts, const char *names)
{
	if (!facts->event)
		return false;
	return mismatch_is_any(facts->event->operation, names);
}

bool
cause_is_elementwise(const struct cause_facts *facts)
{
	return cause_is(facts, "add sub rsub mul div true_divide floor_divide remainder fmod pow where maximum minimum eq ne lt le gt ge "
			"and or xor logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor copy masked_fill expand "
			"addcmul addcdiv lerp iand ior expand_as broadcast_to masked_select index_put clamp mse_loss l1_loss smooth_l1_loss "
			"huber_loss kl_div binary_cross_entropy binary_cross_entropy_with_logits scaled_dot_product_attention");
}

bool
cause_is_loss(const struct cause_facts *facts)
{
	return facts->event && (strstr(facts->event->operation, "nll_loss") || strstr(facts->event->operation, "cross_entropy"));
}

const char *
cause_argument(const struct cause_facts *facts, int place)
{
	const char *name = facts->event && place >= 0 && place < facts->event->operand_count ? facts->event->operands[place].name : NULL;

	return name ? name : SAY("the operand");
}

const char *
cause_operand_name(const struct cause_facts *facts, int place)
{
	const json_t *local = facts->event && place >= 0 && place < facts->event->operand_count
				      ? operand_local(facts->frames, facts->event->operands[place].tensor) : NULL;

	return local && *text_get(local, "name") ? text_get(local, "name") : cause_argument(facts, place);
}

const char *
cause_viewed_name(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct operand *is = facts->event && side->place >= 0 && side->place < facts->event->operand_count ? &facts->event->operands[side->place] : NULL;
	bool known = is && operand_local(facts->frames, is->tensor);

	for (int i = 0; is && !known && facts->source && side->lineage && i < side->lineage->count; i++) {
		const struct event *view = &side->lineage->steps[i].event;
		int from = rule_next(view, 0);
		const json_t *local = from >= 0 ? operand_local(facts->frames, view->operands[from].tensor) : NULL;

		if (from < 0 || !mismatch_is_view(view->operation) || !where_same_line(facts->source, facts->process, view->site, facts->event->site))
			break;
		if (local && *text_get(local, "name"))
			return text_get(local, "name");
	}
	return cause_operand_name(facts, side->place);
}

const json_t *
cause_summary(const struct cause_facts *facts, int place)
{
	if (!facts->event || place < 0 || place >= facts->event->operand_count)
		return NULL;
	return knowledge_summary(facts->event->operands[place].tensor, facts->counts, facts->frames);
}

int64_t
cause_count(const json_t *summary, const char *key, int64_t missing)
{
	const json_t *value = json_object_get(summary, key);

	return json_is_integer(value) ? json_integer_value(value) : missing;
}

const struct lineage_step *
cause_decider(const struct cause_side *side)
{
	return side->lineage && side->lineage->decider >= 0 ? &side->lineage->steps[side->lineage->decider] : NULL;
}

static bool
is_named(const struct lineage_step *step, const char *names)
{
	if (!step || !step->event.operation)
		return false;
	return mismatch_is_any(step->event.operation, names);
}

bool
cause_decided_by(const struct cause_side *side, const char *names)
{
	return is_named(cause_decider(side), names);
}

const struct lineage_step *
cause_step(const struct cause_side *side, const char *names)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		if (is_named(&side->lineage->steps[i], names))
			return &side->lineage->steps[i];
		if (i == side->lineage->decider)
			break;
	}
	return NULL;
}

const struct lineage_step *
cause_step_any(const struct cause_side *side, const char *names)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (is_named(&side->lineage->steps[i], names))
			return &side->lineage->steps[i];
	return NULL;
}

bool
cause_goes_through(const struct cause_side *side, int64_t event)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (side->lineage->steps[i].event.id == event)
			return true;
	return false;
}

bool
cause_is_old(const struct cause_facts *facts, const struct cause_side *side)
{
	const struct lineage_step *step = cause_decider(side);

	if (!step || !facts->event)
		return false;
	if (step->event.id < 0)
		return (facts->calls > 0 || side->calls > 0) && step->event.step < facts->event->step; /* no longer kept */
	return facts->last_call >= 0 && step->event.id < facts->last_call;
}

/* ", called at train.py:12" of a library's operation: the program's own line, unless the failure was called there, or TEXT has it. */
static void
add_caller(const struct cause_facts *facts, struct text *text, const struct lineage_step *step)
{
	char line[512], failing[512] = "";
	const json_t *caller = where_caller(facts->frames);

	if (!facts->source || !where_caller_line(facts->source, facts->process, step->event.site, line, sizeof(line)) || strstr(text->data, line))
		return;
	if (caller)
		text_format(failing, sizeof(failing), "%s:%d", text_basename(text_get(caller, "file")), (int)json_integer_value(json_object_get(caller, "line")));
	else if (facts->event)
		where_caller_line(facts->source, facts->process, facts->event->site, failing, sizeof(failing));
	if (strcmp(line, failing) != 0)
		text_add(text, ", called at %s", line);
}

void
cause_add_step(const struct cause_facts *facts, struct text *text, const struct lineage_step *step)
{
	char line[512];

	text_add(text, "%s", step->event.operation);
	if (facts->source && where_site_line(facts->source, facts->process, step->event.site, false, line, sizeof(line)))
		text_add(text, " at %s", line);
	add_caller(facts, text, step);
	if (*step->how)
		text_add(text, " (%s)", step->how);
}

bool
cause_runs_in(const struct cause_facts *facts, const char *part)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++)
		if (strstr(text_get(json_array_get(facts->frames, i), "file"), part))
			return true;
	return false;
}

void
cause_add_event(const struct cause_facts *facts, struct text *text, const struct event *event)
{
	const struct lineage_step step = { .event = *event, .dim = -1, .size = -1 };

	cause_add_step(facts, text, &step);
}

void
cause_add_decided(const struct cause_facts *facts, struct text *text, int64_t size, const struct lineage_step *step)
{
	struct lineage_step reader = *step;

	if (!step->resized || !step->entered) {
		text_add(text, "the %" PRId64 " was decided by ", size);
		cause_add_step(facts, text, step);
		return;
	}
	*reader.how = 0;
	text_add(text, "what made it %" PRId64 " is not known, as it is no operation that is kept; with that size it was used first by ", size);
	cause_add_step(facts, text, &reader);
}

int
cause_open(const struct cause_facts *facts, const struct lineage_step *step, struct code *code, char *file, size_t size)
{
	char line[4200], *colon;

	if (!facts->source || !where_site_line(facts->source, facts->process, step->event.site, true, line, sizeof(line)))
		return 0;
	colon = strrchr(line, ':');
	if (!colon || *line != '/')
		return 0;
	*colon = 0;
	text_format(file, size, "%s", text_basename(line));
	return code_open(code, line, facts->time_ns) ? atoi(colon + 1) : 0;
}

int
cause_statements(const struct cause_facts *facts, const struct lineage_step *step, struct code_statement *out, int most, char *file, size_t size, int *line)
{
	struct code code;
	int count;

	*line = cause_open(facts, step, &code, file, size);
	if (!*line)
		return 0;
	count = code_statements(&code, *line, out, most);
	code_close(&code);
	return count;
}

bool
cause_source(const struct cause_facts *facts, const struct lineage_step *step, char *out, size_t size)
{
	char file[512];
	struct code code;
	int line = cause_open(facts, step, &code, file, sizeof(file));
	bool found = line && code_line(&code, line, out, size);

	if (line)
		code_close(&code);
	return found;
}

void
cause_add_line(const struct cause_facts *facts, struct text *text, const struct lineage_step *step, int64_t value)
{
	char line[512];

	cause_add_step(facts, text, step);
	if (cause_source(facts, step, line, sizeof(line))) {
		text_add(text, "%s", ": `");
		text_add_short(text, line + strspn(line, " \t"), SOURCE_MOST);
		text_add(text, "%s", "`");
	}
	cause_add_number(facts, text, cause_number_at(facts, step, value));
}

bool
cause_is_built(const struct cause_facts *facts, const struct lineage_step *step)
{
	json_t *frames = facts->source && step->event.site >= 0 ? where_site_frames(facts->source, facts->process, step->event.site) : NULL;
	int chosen = where_choose(frames);
	const char *function = chosen < 0 ? "" : text_get(json_array_get(frames, (size_t)chosen), "function"), *last = strrchr(function, '.');
	bool built = strcmp(last ? last + 1 : function, "__init__") == 0;

	json_decref(frames);
	return built;
}

bool
cause_window(const struct lineage_step *step, struct cause_window *out)
{
	const struct event *event = &step->event;
	int input = rule_any(event, "self input"), weight = rule_tensor(event, "weight"), spatial, at;
	const struct operand *is = input >= 0 ? &event->operands[input] : NULL;
	char name[96];

	if (!is || step->dim < 0 || step->dim >= is->ndim)
		return false;
	mismatch_plain_name(event->operation, name, sizeof(name));
	*out = (struct cause_window){ .over = is->sizes[step->dim], .unfolds = strcmp(name, "unfold") == 0 };
	if (out->unfolds)
		return rule_int(event, "size", &out->extent) && rule_int(event, "step", &out->stride) && out->stride > 0;
	if ((strncmp(name, "conv", 4) != 0 || strstr(name, "transpose")) && strstr(name, "max_pool") != name && strstr(name, "avg_pool") != name)
		return false;
	spatial = weight >= 0 ? event->operands[weight].ndim - 2 : strstr(name, "1d") ? 1 : strstr(name, "2d") ? 2 : 3;
	at = step->dim - (is->ndim - spatial);
	if (at < 0 || at >= spatial)
		return false;
	out->extent = weight >= 0 ? event->operands[weight].sizes[2 + at] : rule_entry(event, "kernel_size", at, 1);
	out->stride = rule_entry(event, "stride", at, weight >= 0 ? 1 : out->extent);
	out->extent = rule_entry(event, "dilation", at, 1) * (out->extent - 1) + 1;
	out->padding = rule_entry(event, "padding", at, 0);
	return out->stride > 0;
}

int64_t
cause_rest(const struct lineage_step *step, int64_t *over, int64_t *stride)
{
	struct cause_window window;
	int64_t length;

	if (!cause_window(step, &window))
		return 0;
	length = window.over + 2 * window.padding - window.extent;
	if (window.stride < 2 || length < 0)
		return 0;
	if (over)
		*over = window.over;
	if (stride)
		*stride = window.stride;
	return (window.unfolds ? length : window.over) % window.stride;
}

int
cause_message_shape(const char *message, int n, int64_t *sizes)
{
	for (const char *at = message; at && (at = strpbrk(at, "[(")); at++) {
		const char *c = at + 1;
		int count = 0;
		bool good = true;

		while (good && *c && *c != ']' && *c != ')') {
			char *end;
			long long value = strtoll(c, &end, 10);

			good = end != c && isdigit((unsigned char)*c) && count < CAUSE_SHAPE_MOST && (*end == ',' || *end == ']' || *end == ')');
			if (!good)
				break;
			sizes[count++] = value;
			for (c = end; *c == ',' || *c == ' ';)
				c++;
		}
		if (good && count && (*c == ']' || *c == ')') && n-- == 0)
			return count;
	}
	return -1;
}

bool
cause_message_word(const char *message, const char *mark, char *out, size_t size)
{
	const char *at = message ? strstr(message, mark) : NULL;
	size_t used = 0;

	if (!at)
		return false;
	for (at += strlen(mark); isalnum((unsigned char)*at) || *at == '_' || *at == '.'; at++)
		if (used + 1 < size)
			out[used++] = *at;
	while (used && out[used - 1] == '.')
		used--;
	out[used] = 0;
	return used > 0;
}

static const json_t *
search(const json_t *locals, bool (*ask)(const json_t *local, void *context), void *context, int depth)
{
	for (size_t i = 0; i < json_array_size(locals); i++) {
		const json_t *local = json_array_get(locals, i), *found;

		if (ask(local, context))
			return local;
		found = depth < LOCAL_DEPTH_MOST ? search(json_object_get(local, "items"), ask, context, depth + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

const json_t *
cause_local(const struct cause_facts *facts, bool (*ask)(const json_t *local, void *context), void *context)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++) {
		const json_t *frame = json_array_get(facts->frames, i);
		const json_t *found = search(json_object_get(frame, "locals"), ask, context, 0);

		if (found)
			return found;
	}
	return NULL;
}

int64_t
cause_local_size(const json_t *local, size_t dim)
{
	const json_t *size = json_array_get(json_object_get(local, "shape"), dim);

	return json_is_integer(size) ? json_integer_value(size) : -1;
}

bool
cause_add_asked(const struct cause_facts *facts, struct text *text, const char *word)
{
	const char *seen = "";

	for (size_t i = 0; i < json_array_size(facts->frames); i++) {
		const char *file = text_get(json_array_get(facts->frames, i), "file");
		struct code code;
		int at = -1;

		if (file[0] != '/' || strcmp(file, seen) == 0 || !where_is_program(file) || !code_open(&code, file, facts->time_ns))
			continue;
		seen = file;
		for (int n = 0; n < code.count && at < 0; n++)
			if (strstr(code.lines[n], word) && code.lines[n][strspn(code.lines[n], " \t")] != '#')
				at = n + 1;
		code_close(&code);
		if (at > 0) {
			text_add(text, " (%s:%d)", text_basename(file), at);
			return true;
		}
	}
	return false;
}
