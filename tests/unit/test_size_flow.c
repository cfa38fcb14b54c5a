/* links: schema viewer */
/* Every row of size_flow.def: where a dimension of an operation's output comes from. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "viewer/analysis/mismatch/mismatch_rule.h"
#include "viewer/analysis/lineage/size_flow.h"
#include "viewer/analysis/text.h"

/* Operands as "name:2,3 other:i4,5 dim=1 dims=[0,1]" (a tensor's sizes; b in front: bool, i: int64), the output's sizes, its
 * number and the dimension asked for; then what must come out, FROM being the operand's name ("" for none). */
struct row { const char *operation, *operands, *output; int number, dim; enum flow_kind kind; const char *from; int from_dim; };

#define P FLOW_PASSES
#define A FLOW_ARGUMENTS
#define V FLOW_VALUES
#define S FLOW_SCALES
static const struct row rows[] = {
	{ "aten::lift_fresh", "self:5,3", "5,3", 0, 0, FLOW_ENTERS, "self", 0 },
	{ "aten::zeros", "size=[5,3]", "5,3", 0, 1, A, "", -1 },
	{ "aten::gelu", "self:5,3", "5,3", 0, 1, P, "self", 1 },
	{ "aten::cummax", "self:5,3 dim=1", "5,3", 1, 0, P, "self", 0 },
	{ "aten::searchsorted", "sorted_sequence:9 self:5,3", "5,3", 0, 0, P, "self", 0 },
	{ "aten::sub", "self:5,1 other:7", "5,7", 0, 1, P, "other", 0 },
	{ "aten::mse_loss", "self:5,3 target:5,3 reduction=0", "5,3", 0, 1, P, "self", 1 },
	{ "aten::linear", "input:2,5,3 weight:7,3", "2,5,7", 0, 2, P, "weight", 0 },
	{ "aten::bmm", "self:2,5,3 mat2:2,3,7", "2,5,7", 0, 2, P, "mat2", 2 },
	{ "aten::mv", "self:5,3 vec:3", "5", 0, 0, P, "self", 0 },
	{ "aten::conv2d", "input:2,3,24,24 weight:8,3,4,4 stride=[4,4] padding=[0,0]", "2,8,6,6", 0, 2, A, "input", 2 },
	{ "aten::conv2d", "input:2,3,24,24 weight:8,3,4,4 stride=[4,4] padding=[0,0]", "2,8,6,6", 0, 1, P, "weight", 0 },
	{ "aten::conv2d", "input:2,3,24,24 weight:8,3,3,3 stride=[1,1] padding=[1,1]", "2,8,24,24", 0, 2, P, "input", 2 },
	{ "aten::one_hot", "self:5,3 num_classes=7", "5,3,7", 0, 1, P, "self", 1 },
	{ "aten::one_hot", "self:5,3 num_classes=7", "5,3,7", 0, 2, A, "", -1 },
	{ "aten::one_hot", "self:5,3 num_classes=-1", "5,3,7", 0, 2, V, "self", 0 },
	{ "aten::conv_transpose2d", "input:2,8,6,6 weight:8,3,2,2 stride=[2,2]", "2,3,12,12", 0, 1, P, "weight", 1 },
	{ "aten::max_pool2d", "self:2,8,15,15 kernel_size=[2,2]", "2,8,7,7", 0, 3, A, "self", 3 },
	{ "aten::upsample_nearest2d", "input:2,8,7,7 output_size=[14,14]", "2,8,14,14", 0, 2, A, "input", 2 },
	{ "aten::constant_pad_nd", "self:5,3 pad=[0,2]", "5,5", 0, 1, A, "self", 1 },
	{ "aten::im2col", "self:2,3,8,8 kernel_size=[2,2] stride=[2,2]", "2,12,16", 0, 1, A, "self", 1 },
	{ "aten::fft_rfft", "self:5,16 dim=-1", "5,9", 0, 1, A, "self", 1 },
	{ "aten::scaled_dot_product_attention", "query:2,4,5,8 key:2,4,9,8 value:2,4,9,6", "2,4,5,6", 0, 2, P, "query", 2 },
	{ "aten::scaled_dot_product_attention", "query:2,4,5,8 key:2,4,9,8 value:2,4,9,6", "2,4,5,6", 0, 3, P, "value", 3 },
	{ "aten::embedding", "weight:50,8 indices:i2,5", "2,5,8", 0, 1, P, "indices", 1 },
	{ "aten::cat", "tensors[0]:2,3 tensors[1]:4,3 dim=0", "6,3", 0, 0, A, "tensors[1]", 0 },
	{ "aten::hstack", "tensors[0]:2,3 tensors[1]:2,5", "2,8", 0, 1, A, "tensors[1]", 1 },
	{ "aten::hstack", "tensors[0]:3 tensors[1]:5", "8", 0, 0, A, "tensors[1]", 0 },
	{ "aten::vstack", "tensors[0]:3 tensors[1]:3", "2,3", 0, 1, P, "tensors[0]", 0 },
	{ "aten::vstack", "tensors[0]:2,3 tensors[1]:4,3", "6,3", 0, 0, A, "tensors[1]", 0 },
	{ "aten::dstack", "tensors[0]:2,3 tensors[1]:2,3", "2,3,2", 0, 1, P, "tensors[0]", 1 },
	{ "aten::pad_sequence", "sequences[0]:4,8 sequences[1]:7,8 batch_first=true", "2,7,8", 0, 1, A, "sequences[1]", 0 },
	{ "aten::pad_sequence", "sequences[0]:4,8 sequences[1]:7,8 batch_first=false", "7,2,8", 0, 1, A, "", -1 },
	{ "aten::pad_sequence", "sequences[0]:4,8 sequences[1]:7,8 batch_first=false", "7,2,8", 0, 2, P, "sequences[0]", 1 },
	{ "aten::_pack_padded_sequence", "input:7,2,8 lengths:i2 batch_first=false", "11,8", 0, 0, V, "lengths", 0 },
	{ "aten::_pack_padded_sequence", "input:7,2,8 lengths:i2 batch_first=false", "7", 1, 0, P, "input", 0 },
	{ "aten::stack", "tensors[0]:5,3 tensors[1]:5,3 dim=1", "5,2,3", 0, 2, P, "tensors[0]", 1 },
	{ "aten::stack", "tensors[0]:5,3 tensors[1]:5,3 dim=1", "5,2,3", 0, 1, A, "", -1 },
	{ "aten::permute", "self:7,2,5 dims=[1,2,0]", "2,5,7", 0, 0, P, "self", 1 },
	{ "aten::movedim", "self:7,2,5 source=0 destination=2", "2,5,7", 0, 2, P, "self", 0 },
	{ "aten::movedim", "self:7,2,5 source=0 destination=2", "2,5,7", 0, 0, P, "self", 1 },
	{ "aten::transpose", "self:7,5 dim0=0 dim1=-1", "5,7", 0, 0, P, "self", 1 },
	{ "aten::flatten", "self:2,16,5,5 start_dim=1 end_dim=-1", "2,400", 0, 1, S, "self", 1 },
	{ "aten::unsqueeze", "self:5,3 dim=0", "1,5,3", 0, 1, P, "self", 0 },
	{ "aten::squeeze", "self:5,1,3", "5,3", 0, 1, P, "self", 2 },
	{ "aten::expand", "self:1,3 size=[5,3]", "5,3", 0, 0, A, "", -1 },
	{ "aten::repeat", "self:5,3 repeats=[2,1]", "10,3", 0, 0, A, "self", 0 },
	{ "aten::slice", "self:9,3 dim=0 start=0 end=5", "5,3", 0, 0, A, "self", 0 },
	{ "aten::chunk", "self:9,3 chunks=2 dim=0", "5,3", 0, 0, A, "self", 0 },
	{ "aten::select", "self:9,5,3 dim=1 index=2", "9,3", 0, 1, P, "self", 2 },
	{ "aten::unbind", "self:9,5,3 dim=0", "5,3", 0, 0, P, "self", 1 },
	{ "aten::unfold", "self:2,735 dimension=1 size=16 step=16", "2,45,16", 0, 1, A, "self", 1 },
	{ "aten::sum", "self:9,5,3 dim=[1] keepdim=false", "9,3", 0, 1, P, "self", 2 },
	{ "aten::amax", "self:9,5,3 dim=[1] keepdim=true", "9,1,3", 0, 2, P, "self", 2 },
	{ "aten::as_strided", "self:9 size=[3,4]", "3,4", 0, 1, A, "", -1 },
	{ "aten::as_strided", "self:1,4,40,48 size=[1,4,40,48]", "1,4,40,48", 0, 1, P, "self", 1 },
	{ "aten::as_strided", "self:2,9 size=[2,6,4]", "2,6,4", 0, 0, P, "self", 0 },
	{ "aten::as_strided", "self:2,9,4 size=[2,6,4]", "2,6,4", 0, 1, A, "", -1 },
	{ "aten::as_strided", "self:2,9,4 size=[2,6,4]", "2,6,4", 0, 2, P, "self", 2 },
	{ "aten::as_strided", "self:9,4 size=[6,4,2]", "6,4,2", 0, 1, A, "", -1 },
	{ "aten::index_select", "self:9,3 dim=0 index:i5", "5,3", 0, 0, P, "index", 0 },
	{ "aten::topk", "self:9,8 k=3 dim=1", "9,3", 0, 1, A, "self", 1 },
	{ "aten::gather", "self:9,8 dim=1 index:i9,2", "9,2", 0, 1, P, "index", 1 },
	{ "aten::index", "self:9,3 indices[0]:b9", "4,3", 0, 0, V, "indices[0]", 0 },
	{ "aten::index", "self:9,3 indices[0]:i4", "4,3", 0, 0, P, "indices[0]", 0 },
	{ "aten::masked_select", "self:9 mask:b9", "4", 0, 0, V, "mask", 0 },
	{ "aten::repeat_interleave", "self:2,15,1,3 repeats:i1 dim=3", "2,15,1,18", 0, 1, P, "self", 1 },
	{ "aten::repeat_interleave", "self:2,15,1,3 repeats:i3 dim=3", "2,15,1,18", 0, 3, V, "repeats", 0 },
	{ "aten::repeat_interleave", "self:2,15,3 repeats=6 dim=-1", "2,15,18", 0, 2, A, "self", 2 },
	{ "aten::repeat_interleave", "self:2,15,3 repeats=6 dim=-1", "2,15,18", 0, 0, P, "self", 0 },
	{ "aten::kthvalue", "self:9,5,3 k=2 dim=1 keepdim=false", "9,3", 0, 1, P, "self", 2 },
	{ "aten::unique_dim", "self:9,5 dim=0", "7,5", 0, 1, P, "self", 1 },
	{ "aten::unique_dim", "self:9,5 dim=0", "7,5", 0, 0, V, "self", 0 },
	{ "aten::multinomial", "self:9,5 num_samples=4", "9,4", 0, 0, P, "self", 0 },
	{ "aten::multinomial", "self:9,5 num_samples=4", "9,4", 0, 1, A, "", -1 },
	{ "aten::where", "condition:b9", "4", 0, 0, V, "condition", 0 },
	{ "aten::where", "condition:b9 self:9 other:9", "9", 0, 0, P, "self", 0 },
	{ "aten::where", "condition:b9,5 self:1 other:5", "9,5", 0, 0, P, "condition", 0 },
	{ "aten::einsum", "equation=\"bij,bkj->bik\" tensors[0]:2,5,3 tensors[1]:2,7,3", "2,5,7", 0, 2, P, "tensors[1]", 1 },
	{ "aten::einsum", "equation=\"ij,jk\" tensors[0]:5,3 tensors[1]:3,7", "5,7", 0, 0, P, "tensors[0]", 0 },
	{ "aten::outer", "self:5 vec2:7", "5,7", 0, 1, P, "vec2", 0 },
	{ "aten::tensordot", "self:5,3 other:3,7 dims_self=[1] dims_other=[0]", "5,7", 0, 1, P, "other", 1 },
	{ "aten::lstm", "input:5,3,8 hx[0]:2,3,16 hx[1]:2,3,16 bidirectional=false", "5,3,16", 0, 0, P, "input", 0 },
	{ "aten::lstm", "input:5,3,8 hx[0]:2,3,16 hx[1]:2,3,16 bidirectional=false", "5,3,16", 0, 2, P, "hx[0]", 2 },
	{ "aten::lstm", "input:5,3,8 hx[0]:2,3,16 hx[1]:2,3,16 bidirectional=false", "2,3,16", 2, 1, P, "hx[1]", 1 },
	{ "aten::gru", "input:5,3,8 hx:2,3,16 bidirectional=true", "5,3,32", 0, 2, A, "", -1 },
	{ "aten::gru_cell", "input:3,8 hx:3,16", "3,16", 0, 1, P, "hx", 1 },
	{ "aten::cdist", "x1:2,5,3 x2:2,7,3", "2,5,7", 0, 2, P, "x2", 1 },
	{ "aten::cosine_similarity", "x1:5,3,9 x2:5,3,9 dim=1", "5,9", 0, 1, P, "x1", 2 },
	{ "aten::meshgrid", "tensors[0]:5 tensors[1]:7", "5,7", 0, 1, P, "tensors[1]", 0 },
	{ "aten::meshgrid", "tensors[0]:5 tensors[1]:7", "7,5", 0, 0, P, "tensors[1]", 0 },
	{ "aten::glu", "self:5,8 dim=-1", "5,4", 0, 1, A, "self", 1 },
	{ "aten::embedding_bag", "weight:50,8 indices:i20 offsets:i4", "4,8", 0, 0, P, "offsets", 0 },
	{ "aten::take", "self:5,8 index:i3,2", "3,2", 0, 1, P, "index", 1 },
	{ "aten::grid_sampler", "input:2,3,8,8 grid:2,5,6,2", "2,3,5,6", 0, 3, P, "grid", 2 },
	{ "aten::stft", "self:2,1600 n_fft=400 hop_length=160", "2,201,11", 0, 2, A, "self", 1 },
	{ "aten::stft", "self:2,1600 n_fft=400 hop_length=160", "2,201,11", 0, 0, P, "self", 0 },
	{ "aten::diagonal", "self:4,5,5 offset=0 dim1=-2 dim2=-1", "4,5", 0, 0, P, "self", 0 },
	{ "aten::nll_loss", "self:5,3 target:i5", "5", 0, 0, P, "target", 0 },
	{ "my::operation", "x:4,9 y:9,2", "9,2", 0, 0, FLOW_POSSIBLE, "y", 0 },
};

static struct operand operands[8], outputs[4];
static int64_t sizes[12][8];
static char names[8][32], values[8][64];

static void
read_sizes(struct operand *operand, const char *text, int64_t *out)
{
	operand->kind = "tensor";
	operand->dtype = *text == 'b' ? "bool" : *text == 'i' ? "int64" : "float32";
	operand->device = "cpu";
	operand->layout = "strided";
	operand->sizes = out;
	operand->ndim = 0;
	for (text += *text == 'b' || *text == 'i'; *text; text += *text == ',')
		out[operand->ndim++] = strtoll(text, (char **)&text, 10);
}

static struct event
event_of(const struct row *row)
{
	struct event event = { .operation = row->operation, .overload = "", .operands = operands, .outputs = outputs,
			       .output_count = row->number + 1, .parent = -1, .scope = -1, .site = -1 };
	char copy[256], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", row->operands);
	for (char *word; (word = strsep(&rest, " "));) {
		size_t length = strcspn(word, ":=");
		struct operand *operand = &operands[event.operand_count];

		snprintf(names[event.operand_count], sizeof(names[0]), "%.*s", (int)length, word);
		*operand = (struct operand){ .name = names[event.operand_count], .item = -1, .ndim = -1, .tensor = -1 };
		if (word[length] == ':') {
			operand->tensor = event.operand_count + 1;
			read_sizes(operand, word + length + 1, sizes[event.operand_count]);
		} else {
			const char *value = word + length + 1;

			snprintf(values[event.operand_count], sizeof(values[0]), "%s", value);
			operand->value = values[event.operand_count];
			operand->kind = *value == '[' ? "int[]" : *value == '"' ? "string" : *value == 't' || *value == 'f' ? "bool" : "int";
		}
		event.operand_count++;
	}
	for (int i = 0; i <= row->number; i++) {
		outputs[i] = (struct operand){ .name = "output", .item = -1, .tensor = 90 + i };
		read_sizes(&outputs[i], row->output, sizes[8 + i]);
	}
	return event;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct event event = event_of(row);
		struct flow flow = size_flow(&event, row->number, row->dim);
		const char *from = flow.operand >= 0 ? event.operands[flow.operand].name : "";

		CU_ASSERT_EQUAL(flow.kind, row->kind);
		CU_ASSERT_STRING_EQUAL(from, row->from);
		CU_ASSERT_EQUAL(flow.dim, row->from_dim);
		if (flow.kind != row->kind || strcmp(from, row->from) != 0 || flow.dim != row->from_dim)
			printf("\n%s %s, dimension %d: kind %d from %s dimension %d\n", row->operation, row->operands, row->dim, flow.kind, from, flow.dim);
	}
}

/* No family without a row above. */
static void
test_complete(void)
{
#define FLOW(function, names) { #function, names },
	static const struct { const char *function, *names; } families[] = {
#include "viewer/analysis/lineage/size_flow.def"
	};
#undef FLOW

	for (size_t f = 0; f < sizeof(families) / sizeof(*families); f++) {
		bool tested = false;

		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			char name[96];

			mismatch_plain_name(rows[i].operation, name, sizeof(name));
			tested = tested || text_among(families[f].names, name);
		}
		CU_ASSERT_TRUE(tested);
		if (!tested)
			printf("\nfamily %s has no row\n", families[f].function);
	}
}

/* Which operand a result has its dtype from: a tensor without dimensions decides nothing beside one that has some. */
static void
test_dtype(void)
{
	struct operand operands[] = {
		{ .name = "self", .kind = "tensor", .item = -1, .ndim = 0, .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = 1 },
		{ .name = "other", .kind = "tensor", .item = -1, .ndim = 1, .sizes = (const int64_t[]){ 4 }, .dtype = "float32", .device = "cpu", .layout = "strided", .tensor = 2 },
	};
	const struct operand output = { .name = "output", .kind = "tensor", .item = -1, .ndim = 1, .sizes = (const int64_t[]){ 4 }, .dtype = "float32", .device = "cpu" };
	const struct event event = { .operation = "aten::mul", .overload = "Tensor", .operands = operands, .operand_count = 2, .outputs = &output, .output_count = 1 };

	CU_ASSERT_EQUAL(size_flow_dtype(&event, 0, false).operand, 1);
	operands[1].dtype = "int64"; /* of another category: then it does */
	CU_ASSERT_EQUAL(size_flow_dtype(&event, 0, false).operand, 0);
	operands[1].dtype = "float32";
	operands[0].ndim = 1;
	operands[0].sizes = operands[1].sizes;
	CU_ASSERT_EQUAL(size_flow_dtype(&event, 0, false).operand, 0);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("size flow", NULL, NULL);
	CU_add_test(suite, "rows", test_rows);
	CU_add_test(suite, "every family", test_complete);
	CU_add_test(suite, "a dtype", test_dtype);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
