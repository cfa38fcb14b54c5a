/* What autograd's engine refuses, made again: no operation failed, so backward() is called on what was recorded of forward. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lineage/backward.h"
#include "../lineage/lineage.h"
#include "../mismatch/mismatch_rule.h"
#include "repro_parts.h"

#define WRITES_MOST 8   /* that are made as they were; further ones only count */
#define OPERANDS_MOST 6

/* Variables for the outputs of EVENT, called by CALL. Returns the one whose gradient is asked for, NULL without. */
static const char *
name_outputs(struct repro *repro, const struct event *event, const char *call)
{
	struct text names = {{0}, 0};
	const char *asked = NULL;

	for (int i = 0; i < event->output_count; i++) {
		const char *name = repro_name(repro, "result", event->outputs[i].tensor);

		if (!name)
			return NULL;
		if (!asked && event->outputs[i].dtype && rule_is_floating(event->outputs[i].dtype))
			asked = name;
		repro_add(&names, "%s%s", i ? ", " : "", name);
	}
	if (!asked)
		repro_refuse(repro, "%s gave nothing that has a gradient", event->operation);
	return asked && repro_statement(repro, event, names.data, call) ? asked : NULL;
}

/* The forward operation, its operands made before; those that WRITES write to with the operation that made them. */
static const char *
forward_call(struct repro *repro, const struct event *forward, const struct event *writes, int count)
{
	struct text call = {{0}, 0};

	for (int i = 0; i < count; i++)
		for (int k = 0; k < forward->operand_count; k++)
			if (forward->operands[k].tensor > 0 && writes[i].operands[0].tensor == forward->operands[k].tensor &&
			    !repro_operand(repro, forward, &forward->operands[k], REPRO_WITH_MAKER))
				return NULL;
	if (!repro_call(repro, forward, &call))
		return NULL;
	return name_outputs(repro, forward, call.data);
}

static bool
count_up(struct repro *repro, const char *name, int64_t times)
{
	if (times > 1)
		return repro_line(repro, "for _ in range(%" PRId64 "): torch.autograd.graph.increment_version(%s)", times, name);
	return times <= 0 || repro_line(repro, "torch.autograd.graph.increment_version(%s)", name);
}

/* The saved tensor among FORWARD's that WRITE wrote to, or to a view of: the first that requires grad; its variable. */
static const char *
written_name(const struct repro *repro, const struct event *forward, const struct event *write)
{
	const char *name = repro_named(repro, write->operands[0].tensor);

	for (int i = 0; i < forward->output_count && !name; i++)
		name = repro_named(repro, forward->outputs[i].tensor);
	return name;
}

#define VIEWS_MOST 8

/* Is what WRITE wrote to, or what that is a view of, made here already? */
static bool
reaches_named(const struct repro *repro, const struct event *write)
{
	int64_t tensor = write->operands[0].tensor, before = write->id;
	int views = 0;

	while (!repro_named(repro, tensor))
		if (views++ == VIEWS_MOST || !lineage_base(repro->source, repro->failure->process, &tensor, &before))
			return false;
	return true;
}

/* The operand of FORWARD that has the sizes of which the message tells; its variable. */
static const char *
told_name(const struct repro *repro, const struct event *forward)
{
	for (int i = 0; i < forward->operand_count; i++) {
		const struct operand *is = &forward->operands[i];
		struct text sizes = {{0}, 0};

		if (is->tensor <= 0 || is->ndim < 1)
			continue;
		text_add_sizes(&sizes, is->sizes, is->ndim);
		if (strstr(repro->failure->message, sizes.data))
			return repro_named(repro, is->tensor);
	}
	return NULL;
}

static bool
written_since(struct repro *repro)
{
	const char *message = repro->failure->message, *at = strstr(message, "is at version "), *expected = strstr(message, "expected version ");
	struct event forward, writes[WRITES_MOST];
	int count = backward_writes(repro->source, repro->failure, message, &forward, writes, WRITES_MOST);
	int64_t now, then, done = 0;
	const char *asked, *name;

	if (count < 1 || !at || !expected)
		return repro_refuse(repro, "the operation that wrote in place isn't recorded, or no longer kept");
	now = strtoll(at + strlen("is at version "), NULL, 10);
	then = strtoll(expected + strlen("expected version "), NULL, 10);
	for (int i = 0; i < count && then > 0; i++) /* written before, too: what was saved has that version already */
		if (repro_operand(repro, &writes[i], &writes[i].operands[0], REPRO_WITH_MAKER)) {
			if (!count_up(repro, repro_named(repro, writes[i].operands[0].tensor), then))
				return false;
			break;
		}
	asked = forward_call(repro, &forward, writes, count);
	if (asked && !reaches_named(repro, &writes[0])) { /* what was saved is a view of that: its version counts the same writes */
		name = told_name(repro, &forward);
		return name ? count_up(repro, name, now - then) && repro_line(repro, "%s.sum().backward()", asked)
			    : repro_refuse(repro, "%s wrote in place into what isn't made here", writes[0].operation);
	}
	for (int i = 0; i < count && asked && done < now - then; i++) {
		struct text call = {{0}, 0};

		if (writes[i].operand_count > OPERANDS_MOST || writes[i].operands[0].item >= 0 || !repro_callable(&writes[i])) {
			name = written_name(repro, &forward, &writes[i]);
			if (!name || !count_up(repro, name, 1))
				return repro_refuse(repro, "%s wrote in place into what can't be made", writes[i].operation);
		} else if (!repro_call(repro, &writes[i], &call) || !repro_statement(repro, &writes[i], NULL, call.data)) {
			return false;
		}
		done++;
	}
	name = asked ? written_name(repro, &forward, &writes[0]) : NULL;
	return name && count_up(repro, name, now - then - done) && repro_line(repro, "%s.sum().backward()", asked);
}

static bool
twice(struct repro *repro)
{
	struct event forward;
	struct scope node;
	const char *asked;

	if (!backward_node(repro->source, repro->failure, &node) || node.sequence < 0 ||
	    !repro->source->forward_of(repro->source->context, repro->failure->process, node.sequence, repro->failure->context_event + 1, &forward))
		return repro_refuse(repro, "the operation whose graph was freed isn't recorded, or no longer kept");
	asked = forward_call(repro, &forward, NULL, 0);
	return asked && repro_line(repro, "%s.sum().backward()", asked) && repro_line(repro, "%s.sum().backward()", asked);
}

/* A gradient of another shape than its input's: "Function CutBackward returned an invalid gradient at index 0 - got [4, 3] but
 * expected shape compatible with [4, 4]". A Function of the same name returns one. */
static bool
refused_gradient(struct repro *repro, const struct subject *subject)
{
	const char *at = strstr(repro->failure->message, "Function "), *index = strstr(repro->failure->message, "at index ");
	const struct operand *got = &subject->operands[0], *wanted = &subject->operands[1];
	struct text got_sizes = {{0}, 0}, wanted_sizes = {{0}, 0};
	char name[96] = "";
	int before;

	if (!at || !index || sscanf(at, "Function %95[A-Za-z0-9_] returned", name) != 1 || strlen(name) <= strlen("Backward") ||
	    strcmp(name + strlen(name) - strlen("Backward"), "Backward") != 0)
		return repro_refuse(repro, "the node %s%sis PyTorch's own: an operand was given other data after forward, by what is no operation", name,
				    *name ? " " : "");
	name[strlen(name) - strlen("Backward")] = 0;
	before = atoi(index + strlen("at index "));
	if (before < 0 || before > 64)
		return repro_refuse(repro, "the gradient's place isn't known");
	text_add_sizes(&got_sizes, got->sizes, got->ndim);
	text_add_sizes(&wanted_sizes, wanted->sizes, wanted->ndim);
	return repro_line(repro, "class %s(torch.autograd.Function):", name) && repro_line(repro, "    @staticmethod") &&
	       repro_line(repro, "    def forward(ctx, *inputs):") && repro_line(repro, "        return inputs[%d].sum()", before) &&
	       repro_line(repro, "    @staticmethod") && repro_line(repro, "    def backward(ctx, gradient):") &&
	       repro_line(repro, "        return (*[None] * %d, torch.zeros(%s))", before, got_sizes.data) && repro_line(repro, "%s", "") &&
	       repro_line(repro, "%s.apply(*[torch.zeros([])] * %d, torch.zeros(%s, requires_grad=True)).backward()", name, before, wanted_sizes.data);
}

bool
repro_backward(struct repro *repro)
{
	const char *message = repro->failure->message ? repro->failure->message : "";
	struct subject *subject = calloc(1, sizeof(*subject));
	struct mismatch found;
	struct scope node;
	bool made;

	if (subject && backward_gradient(repro->source, repro->failure, subject, &found))
		made = text_among("size rank", found.property) ? refused_gradient(repro, subject)
		       : repro_refuse(repro, "a gradient of another %s than its input's is no matter of sizes", found.property);
	else if (strstr(message, "modified by an inplace operation"))
		made = written_since(repro);
	else if (strstr(message, "backward through the graph a second time"))
		made = twice(repro);
	else if (strstr(message, "does not require grad and does not have a grad_fn"))
		made = repro_line(repro, "torch.zeros([]).backward()");
	else
		made = repro_refuse(repro, "autograd's engine raised it%s%s, for a reason that isn't recorded",
				    backward_node(repro->source, repro->failure, &node) ? " in " : "",
				    backward_node(repro->source, repro->failure, &node) ? node.name : "");
	free(subject);
	return made;
}
