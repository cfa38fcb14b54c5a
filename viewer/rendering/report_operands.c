#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../schema/names.h"
#include "report_parts.h"
#include "table.h"

#define OPERANDS_SHOWN 8 /* with more, those that agree are folded */
#define VARIABLE_MOST 26 /* bytes of a column */

static bool
operand_marked(const json_t *operand)
{
	return json_is_true(json_object_get(operand, "marked"));
}

static bool
operand_tensor(const json_t *operand)
{
	return strcmp(report_string(operand, "kind"), "tensor") == 0;
}

/* Arguments that were left out, are off, or whose value wasn't recorded, tell nothing. */
static bool
operand_tells(const json_t *operand)
{
	const json_t *value = json_object_get(operand, "value");

	return operand_marked(operand) || operand_tensor(operand) || (value && !json_is_null(value) && !json_is_false(value));
}

static bool
operand_dim_marked(const json_t *operand, int64_t dim)
{
	const json_t *marked = json_object_get(operand, "marked_dims"), *at;
	size_t i;

	json_array_foreach(marked, i, at)
		if (json_is_integer(at) && json_integer_value(at) == dim)
			return true;
	return false;
}

/* Shape of a tensor with its odd sizes marked, or the value of anything else. */
static void
operand_shape(struct page *cell, const json_t *operand)
{
	const json_t *shape = json_object_get(operand, "shape"), *value = json_object_get(operand, "value"), *size;
	size_t i;

	if (json_is_array(shape)) {
		page_add(cell, "[");
		json_array_foreach(shape, i, size) {
			bool odd = operand_dim_marked(operand, (int64_t)i);

			if (json_integer_value(size) < 0) { /* not known */
				page_add(cell, i > 0 ? ", ?" : "?");
				continue;
			}
			page_format(cell, "%s%s%" JSON_INTEGER_FORMAT "%s", i > 0 ? ", " : "", odd ? PAGE_ODD : "",
				    json_integer_value(size), odd ? PAGE_ODD_END : "");
		}
		page_add(cell, "]");
	} else if (json_is_integer(value) && strcmp(report_string(operand, "name"), "dtype") == 0) {
		page_words(cell, names_dtype((unsigned)json_integer_value(value))); /* PyTorch numbers its dtypes */
	} else if (json_is_string(value)) {
		page_words(cell, json_string_value(value));
	} else if (value && !json_is_null(value)) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		page_words(cell, text);
		free(text);
	}
}

/* A string in a cell, marked where it is what disagrees. */
static void
operand_cell(struct table *table, const char *string, bool odd)
{
	struct page cell = { 0 };

	if (string[0] && odd)
		page_add(&cell, PAGE_ODD);
	page_words(&cell, string);
	if (string[0] && odd)
		page_add(&cell, PAGE_ODD_END);
	table_add(table, page_string(&cell));
	page_free(&cell);
}

/* A variable's name; of a long path ("model.layers.0.mlp.weight") the end says more than the beginning. */
static void
operand_variable(struct table *table, const char *name)
{
	const char *end = name;
	struct page cell = { 0 };

	while (strlen(end) > VARIABLE_MOST - (end > name ? 3 : 0) && strchr(end, '.') && strchr(end, '.')[1])
		end = strchr(end, '.') + 1;
	page_add(&cell, end > name ? "..." : "");
	page_words(&cell, end);
	table_add(table, page_string(&cell));
	page_free(&cell);
}

/* "collate.py:20 aten::cat" */
static void
operand_made(struct table *table, const json_t *operand)
{
	const json_t *origin = json_object_get(operand, "origin"), *where = json_object_get(origin, "where");
	struct page cell = { 0 };

	if (json_is_string(where)) {
		page_words(&cell, report_base(json_string_value(where)));
	} else if (report_string(where, "file")[0]) {
		page_words(&cell, report_base(report_string(where, "file")));
		page_format(&cell, ":%" PRId64, report_integer(where, "line", 0));
	}
	if (report_string(origin, "operation")[0]) {
		page_add(&cell, cell.size ? " " : "");
		const char *operation = report_string(origin, "operation");
		/* PyTorch's own library goes without saying, and the column is narrow */
		page_words(&cell, strncmp(operation, "aten::", 6) ? operation : operation + 6);
	}
	table_add(table, page_string(&cell));
	page_free(&cell);
}

static void
operand_row(struct table *table, const json_t *operand, const char *property)
{
	bool marked = operand_marked(operand);
	const json_t *grad = json_object_get(operand, "requires_grad"), *leaf = json_object_get(operand, "is_leaf");
	bool about_leaf = strcmp(property, "leaf") == 0;
	struct page shape = { 0 };

	table_add(table, marked ? PAGE_BAD "*" PAGE_END : "");
	operand_variable(table, report_string(operand, "variable"));
	operand_cell(table, report_string(operand, "name"), false);
	operand_shape(&shape, operand);
	table_add(table, page_string(&shape));
	page_free(&shape);
	operand_cell(table, report_string(operand, "dtype"), marked && strcmp(property, "dtype") == 0);
	operand_cell(table, report_string(operand, "device"), marked && strcmp(property, "device") == 0);
	/* leaf and gradient only where they are the matter */
	operand_cell(table, !about_leaf ? "" : json_is_true(leaf) && json_is_true(grad) ? SAY("leaf that requires grad") :
		     json_is_true(leaf) ? SAY("leaf") : json_is_true(grad) ? SAY("requires grad") : "", marked && about_leaf);
	operand_made(table, operand);
	operand_cell(table, report_string(operand, "dim_note"), false);
}

/* Do the operands from FIRST to LAST look like LIKE? */
static bool
operand_alike(const json_t *operands, size_t first, size_t last, const json_t *like)
{
	static const char *const keys[] = { "shape", "dtype", "device" };

	for (size_t i = first; i <= last; i++)
		for (unsigned k = 0; k < sizeof keys / sizeof keys[0]; k++) {
			json_t *one = json_object_get(json_array_get(operands, i), keys[k]);
			json_t *other = json_object_get(like, keys[k]);

			if (one != other && !json_equal(one, other))
				return false;
		}
	return true;
}

static void
operand_fold(struct table *table, const json_t *operands, size_t first, size_t last, const json_t *like)
{
	struct page cell = { 0 };

	page_format(&cell, SAY("(... %zu more"), last - first + 1);
	if (like && operand_alike(operands, first, last, like)) {
		page_add(&cell, SAY(" like "));
		page_words(&cell, report_string(like, "name"));
	}
	page_add(&cell, SAY(")"));
	for (int c = 0; c < table->columns; c++)
		table_add(table, c == 2 ? page_string(&cell) : "");
	page_free(&cell);
}

static void
operand_rows(struct table *table, const json_t *operands, const char *property)
{
	size_t count = json_array_size(operands), shown = 0, telling = 0;
	const json_t *like = NULL;

	for (size_t i = 0; i < count; i++)
		telling += operand_tells(json_array_get(operands, i));
	for (size_t i = 0; i < count; i++) {
		const json_t *operand = json_array_get(operands, i);
		size_t last = i;

		if (!operand_tells(operand))
			continue;
		if (telling > OPERANDS_SHOWN && like && operand_tensor(operand) && !operand_marked(operand))
			while (last + 1 < count && operand_tensor(json_array_get(operands, last + 1)) &&
			       !operand_marked(json_array_get(operands, last + 1)))
				last++;
		if (last > i) {
			operand_fold(table, operands, i, last, like);
			i = last;
			continue;
		}
		if (++shown > 2 * OPERANDS_SHOWN) {
			operand_fold(table, operands, i, count - 1, NULL);
			break;
		}
		operand_row(table, operand, property);
		if (operand_tensor(operand) && !operand_marked(operand))
			like = operand;
	}
}

/* Modules on the wrong device or of the wrong dtype are part of the same picture. */
static void
operand_modules(struct page *page, const json_t *failure, const char *property, int width)
{
	const json_t *modules = json_object_get(failure, "modules"), *module;
	struct table table = { .columns = 4, .headers = { SAY("module"), SAY("parameters"), "dtype", SAY("device") },
			       .styles = { TABLE_TAIL, TABLE_RIGHT, TABLE_CUT, TABLE_CUT } };
	size_t i;

	if (strcmp(property, "dtype") != 0 && strcmp(property, "device") != 0)
		return;
	json_array_foreach(modules, i, module) {
		int64_t parameters = report_integer(module, "parameters", -1);
		struct page name = { 0 };

		if (i == 4)
			break;
		page_words(&name, report_string(module, "module"));
		page_add(&name, json_is_true(json_object_get(module, "own")) ? SAY(" (its own)") : "");
		table_add(&table, page_string(&name));
		page_free(&name);
		table_add_format(&table, parameters >= 0 ? "%" PRId64 : "", parameters);
		operand_cell(&table, report_string(module, "dtype"), false);
		operand_cell(&table, report_string(module, "device"), false);
	}
	if (table.count > 0) {
		report_label(page, SAY("modules"));
		table_write(&table, page, REPORT_INDENT, width);
	}
	table_free(&table);
}

/* Operands whose memory had gone back to the allocator. */
static void
operand_freed(struct page *page, const json_t *operands, int width)
{
	const json_t *operand;
	size_t i;

	json_array_foreach(operands, i, operand) {
		const json_t *memory = json_object_get(operand, "memory");
		const char *variable = report_string(operand, "variable"), *where = report_string(memory, "freed_where");
		struct page line = { 0 };

		if (!json_is_true(json_object_get(memory, "freed")))
			continue;
		page_words(&line, variable[0] ? variable : report_string(operand, "name"));
		page_add(&line, SAY(": its memory was freed"));
		if (where[0]) {
			page_add(&line, " (");
			page_words(&line, where);
			page_add(&line, ")");
		}
		report_label(page, SAY("freed"));
		page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
		page_free(&line);
	}
}

void
report_operands(struct page *page, const json_t *failure, int width)
{
	const json_t *mismatch = json_object_get(failure, "mismatch");
	const char *property = report_string(mismatch, "property"), *text = report_string(mismatch, "text");
	struct table table = {
		.columns = 9,
		.headers = { NULL, SAY("variable"), SAY("operand"), SAY("shape"), "dtype", SAY("device"), NULL, SAY("made at"), NULL },
		.styles = { TABLE_LEFT, TABLE_CUT, TABLE_CUT, TABLE_CUT, TABLE_LEFT, TABLE_LEFT, TABLE_LEFT, TABLE_PLACE, TABLE_CUT },
	};

	operand_rows(&table, json_object_get(failure, "operands"), property);
	if (table.count > 0) {
		report_label(page, SAY("operands"));
		table_write(&table, page, REPORT_INDENT, width);
	}
	table_free(&table);
	if (strcmp(text, report_string(failure, "headline")) != 0)
		report_line(page, SAY("mismatch"), text, width, 2);
	operand_freed(page, json_object_get(failure, "operands"), width);
	operand_modules(page, failure, property, width);
}
