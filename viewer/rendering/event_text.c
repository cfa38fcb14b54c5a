#include "event_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/box.h"
#include "../../schema/names.h"
#include "../analysis/where.h"
#include "report_parts.h"

#define OPERANDS_SHOWN 6 /* of one event in a table */

static void
event_text_tensor(struct page *page, const struct operand *operand)
{
	if (operand->flags & BOX_TENSOR_WRAPPED) {
		page_add(page, "number");
		return;
	}
	if (operand->ndim >= 0) {
		page_add(page, "[");
		for (int d = 0; d < operand->ndim; d++)
			page_format(page, d > 0 ? ", %" PRId64 : "%" PRId64, operand->sizes[d]);
		page_add(page, "]");
	} else {
		page_add(page, "[?]");
	}
	if (operand->dtype && strcmp(operand->dtype, "float32") != 0) {
		page_add(page, " ");
		page_words(page, operand->dtype);
	}
	if (operand->device && strcmp(operand->device, "cpu") != 0) {
		page_add(page, " ");
		page_words(page, operand->device);
	}
}

void
event_text_operands(struct page *page, const struct operand *operands, int count)
{
	int shown = 0;

	for (int i = 0; i < count; i++) {
		const struct operand *operand = &operands[i];
		bool tensor = strcmp(operand->kind, "tensor") == 0;

		/* what was not given, or is off, tells little */
		if (!tensor && (!operand->value || strcmp(operand->value, "null") == 0 || strcmp(operand->value, "false") == 0 ||
				strcmp(operand->name, "layout") == 0))
			continue;
		if (shown == OPERANDS_SHOWN) {
			page_format(page, ", ... %d more", count - i);
			break;
		}
		if (shown++ > 0)
			page_add(page, ", ");
		if (tensor) {
			event_text_tensor(page, operand);
			continue;
		}
		page_words(page, operand->name);
		page_add(page, "=");
		/* PyTorch numbers its dtypes */
		if (strcmp(operand->name, "dtype") == 0 && operand->value[0] >= '0' && operand->value[0] <= '9')
			page_words(page, names_dtype((unsigned)strtoul(operand->value, NULL, 10)));
		else
			page_words(page, operand->value);
	}
}

const struct frame *
event_text_frame(const struct site *site)
{
	for (int i = 0; i < site->frame_count; i++) {
		if (!where_passes(site->frames[i].file, site->frames[i].function))
			return &site->frames[i];
	}
	return site->frame_count > 0 ? &site->frames[0] : NULL;
}

void
event_text_place(struct page *page, const struct site *site)
{
	const struct frame *frame = event_text_frame(site);

	if (!frame)
		return;
	page_words(page, report_base(frame->file));
	page_format(page, ":%d ", frame->line);
	page_words(page, frame->function);
}

static json_t *
event_text_string(const char *string)
{
	json_t *json = string ? json_string(string) : json_null();
	struct page page = { 0 };

	if (json)
		return json;
	page_safe(&page, string); /* not UTF-8 */
	json = json_string(page_string(&page));
	page_free(&page);
	return json ? json : json_null();
}

static json_t *
event_text_sizes(const int64_t *sizes, int count)
{
	json_t *array = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(array, json_integer(sizes[i]));
	return array;
}

static json_t *
event_text_values(const struct operand *operands, int count)
{
	json_t *array = json_array();

	for (int i = 0; i < count; i++) {
		const struct operand *operand = &operands[i];
		json_t *object = json_object(), *value = NULL;

		json_object_set_new(object, "name", event_text_string(operand->name));
		json_object_set_new(object, "kind", event_text_string(operand->kind));
		if (strcmp(operand->kind, "tensor") == 0) {
			if (operand->ndim >= 0) {
				json_object_set_new(object, "shape", event_text_sizes(operand->sizes, operand->ndim));
				json_object_set_new(object, "strides", event_text_sizes(operand->strides, operand->ndim));
			}
			json_object_set_new(object, "dtype", event_text_string(operand->dtype));
			json_object_set_new(object, "device", event_text_string(operand->device));
			json_object_set_new(object, "tensor", json_integer(operand->tensor));
		} else if (operand->value) {
			value = json_loads(operand->value, JSON_DECODE_ANY, NULL);
			json_object_set_new(object, "value", value ? value : event_text_string(operand->value));
		}
		json_array_append_new(array, object);
	}
	return array;
}

json_t *
event_text_json(const struct event *event, const struct process *process, const struct site *site)
{
	json_t *object = json_object();
	const struct frame *frame = site ? event_text_frame(site) : NULL;

	json_object_set_new(object, "event", json_integer(event->id));
	json_object_set_new(object, "rank", process->rank >= 0 ? json_integer(process->rank) : json_null());
	json_object_set_new(object, "pid", json_integer(process->pid));
	json_object_set_new(object, "step", json_integer(event->step));
	json_object_set_new(object, "phase", event_text_string(event->phase));
	json_object_set_new(object, "operation", event_text_string(event->operation));
	json_object_set_new(object, "overload", event_text_string(event->overload));
	json_object_set_new(object, "status", event_text_string(event->status));
	json_object_set_new(object, "time_ns", json_integer(event->time_ns));
	json_object_set_new(object, "duration_ns", event->duration_ns >= 0 ? json_integer(event->duration_ns) : json_null());
	json_object_set_new(object, "thread", json_integer(event->thread));
	json_object_set_new(object, "depth", json_integer(event->depth));
	json_object_set_new(object, "where", json_null());
	if (frame) {
		json_t *where = json_object();

		json_object_set_new(where, "file", event_text_string(frame->file));
		json_object_set_new(where, "line", json_integer(frame->line));
		json_object_set_new(where, "function", event_text_string(frame->function));
		json_object_set_new(object, "where", where);
	}
	json_object_set_new(object, "operands", event_text_values(event->operands, event->operand_count));
	json_object_set_new(object, "outputs", event_text_values(event->outputs, event->output_count));
	return object;
}
