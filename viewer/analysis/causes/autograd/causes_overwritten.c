/* What backward needs was written to since it was saved: by whom, and in which order it goes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../where.h"

/* "self.opt.step" of a STATEMENT that calls it, without the METHOD: how long that is, where it begins in OUT; 0: it calls none. */
static size_t
receiver(const char *statement, const char *method, const char **out)
{
	size_t length = strlen(method), size;

	for (const char *at = statement; (at = code_next_path(at, &size)) && size; at += size)
		if (size > length && strncmp(at + size - length, method, length) == 0 && at[size] == '(') {
			*out = at;
			return size - length;
		}
	return 0;
}

/* The line at which what the optimizer's step is called on is given no gradients before, in the same function ("self.opt_d.zero_grad() at gan.py:44"): in OUT;
 * false where that isn't known. */
static bool
zeroed_before(const struct cause_facts *facts, char *out, size_t size)
{
	struct code_statement *statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	struct lineage_step step = { .event = *facts->wrote, .dim = -1 };
	const char *optimizer, *zeroed;
	char file[512] = "";
	int line, count = statements ? cause_statements(facts, &step, statements, CODE_STATEMENTS_MOST, file, sizeof(file), &line) : 0;
	size_t length = count ? receiver(statements[count - 1].text, ".step", &optimizer) : 0;
	bool found = false;

	for (int i = count - 2; length && i >= 0 && !found; i--) {
		found = receiver(statements[i].text, ".zero_grad", &zeroed) == length && strncmp(zeroed, optimizer, length) == 0;
		if (found)
			text_say(out, size, "%.*s.zero_grad() at %s:%d", (int)length, optimizer, file, statements[i].first);
	}
	free(statements);
	return found;
}

/* A backward that is called between an optimizer's zero_grad and its step adds to that step: where else it may go. */
static void
tell_order(const struct cause_facts *facts, struct cause *out, const char *backward, const char *line, const char *forward)
{
	char zeroed[700];

	if (zeroed_before(facts, zeroed, sizeof(zeroed)))
		text_add(&out->fix, "run the forward at %s after the optimizer's step at %s, for %s (again, if its result is needed before); or call that backward, with its own zero_grad and "
			 "step, before %s: later, its gradients would go into that optimizer's step, too", forward, line, backward, zeroed);
	else
		text_add(&out->fix, "call %s before the optimizer's step at %s, and before that optimizer's zero_grad (or its gradients go into that step, too), or run that step "
			 "before the forward at %s", backward, line, forward);
}

/* Who wrote into what was saved, and when. */
static void
tell_write(const struct cause_facts *facts, struct cause *out)
{
	const json_t *called = where_backward(facts->frames);
	char line[512] = "", forward[512] = "", backward[512];
	struct text what = {{0}, 0};

	if (called)
		text_say(backward, sizeof(backward), "the backward at %s:%d", text_basename(text_get(called, "file")), (int)json_integer_value(json_object_get(called, "line")));
	else
		text_format(backward, sizeof(backward), "%s", SAY("this backward"));
	text_add(&what, "%s", facts->wrote->operation);
	if (facts->wrote->operand_count && facts->wrote->operands[0].ndim >= 0) {
		text_add(&what, ", ");
		text_add_sizes(&what, facts->wrote->operands[0].sizes, facts->wrote->operands[0].ndim);
	}
	where_site_line(facts->source, facts->process, facts->wrote->site, false, line, sizeof(line));
	where_site_line(facts->source, facts->process, facts->saved->site, false, forward, sizeof(forward));
	if (strcmp(facts->wrote->phase ? facts->wrote->phase : "", "optimizer") == 0) {
		text_add(&out->text, "the optimizer's step at %s changed a weight in place (%s) between the forward at %s that used it and %s", line,
			 what.data, forward, backward);
		tell_order(facts, out, backward, line, forward);
	} else {
		text_add(&out->text, "%s at %s writes in place into what %s at %s had saved for %s", what.data, line, facts->saved->operation,
			 forward, backward);
		text_add(&out->fix, "write out of place at %s (x = x + y instead of x += y, relu instead of relu_, clone before an index is assigned), or write after this "
			 "backward", line);
	}
	text_add(&out->evidence, "saved in event %" PRId64 ", written to in event %" PRId64, facts->saved->id, facts->wrote->id);
}

/* Needs: the engine's word that a saved tensor was written, with its shape; likely by who did, as recorded. */
bool
cause_overwritten(const struct cause_facts *facts, struct cause *out)
{
	int64_t sizes[CAUSE_SHAPE_MOST];
	char node[96];
	int count;

	if (!facts->message || !strstr(facts->message, "modified by an inplace operation"))
		return false;
	out->confidence = "likely";
	if (facts->saved && facts->source) {
		tell_write(facts, out);
		return true;
	}
	count = cause_message_shape(facts->message, 0, sizes);
	text_add(&out->text, "a tensor%s", count > 0 ? " " : "");
	if (count > 0)
		text_add_sizes(&out->text, sizes, count);
	if (cause_message_word(facts->message, "output 0 of ", node, sizeof(node)))
		text_add(&out->text, ", the output of %s,", node);
	text_add(&out->text, " was written in place after autograd had saved it for the backward");
	text_add(&out->fix, "write out of place (x = x + y instead of x += y, relu instead of relu_, clone before an index is assigned); of weights: run "
		 "the optimizer after every backward that uses them");
	return true;
}
