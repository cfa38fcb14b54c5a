/* links: libshim */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "fake_tensor.h"
#include "libshim/torch.h"
#include "libshim/values.h"
#include "shim_fixture.h"

enum { TENSORS = 60, LISTS = 24, MOST = 5, CASES = 4000 };

static struct fake_tensor tensors[TENSORS];
static struct torch_value items[LISTS][8];
static struct { uint64_t head[2]; const struct torch_value *begin, *end; } lists[LISTS];

static int64_t
few(const int64_t *from, int count)
{
	return from[rand() % count];
}

/* Tensors that differ in one thing or another, some special, and whose dimensions that aren't there hold anything. */
static void
make_tensors(void)
{
	static const struct fake_storage storage = { .bytes = 64 };

	for (int i = 0; i < TENSORS; i++) {
		int ndim = rand() % (TENSOR_INLINE_DIMS + 1);
		int64_t sizes[TENSOR_INLINE_DIMS], strides[TENSOR_INLINE_DIMS];
		for (int dim = 0; dim < TENSOR_INLINE_DIMS; dim++) {
			sizes[dim] = few(DIMS(2, 3), 2);
			strides[dim] = few(DIMS(1, 2), 2);
		}
		tensors[i] = tensor(&storage, (int)few(DIMS(LONG, FLOAT), 2), ndim, sizes, strides, few(DIMS(0, 0, 4), 3));
		for (int dim = ndim; dim < TENSOR_INLINE_DIMS; dim++)
			tensors[i].sizes[dim] = rand(), tensors[i].strides[dim] = rand();
		tensors[i].device_type = (int8_t)few(DIMS(0, 0, 0, CUDA), 4);
		tensors[i].device_index = (int8_t)few(DIMS(-1, -1, 0, 1), 4);
		tensors[i].autograd = rand() % 4 ? NULL : &tensors[i];
		tensors[i].keys = (uint64_t)few(DIMS(16, 16, 16, 16, 16 | KEY_PYTHON, 16 | KEY_SPARSE, 16 | KEY_NESTED), 7);
	}
}

static struct torch_value
value(int nesting)
{
	const uint32_t tags[] = { torch.tag_tensor, torch.tag_tensor, torch.tag_int, torch.tag_bool, torch.tag_double, 0, torch.tag_list, 27 };
	uint32_t tag = tags[rand() % (nesting ? 6 : 8)];
	uintptr_t payload = (uintptr_t)few(DIMS(0, 1, 7), 3);

	if (tag == torch.tag_tensor)
		return (struct torch_value){ .payload = rand() % 12 ? &tensors[rand() % TENSORS] : NULL, .tag = tag };
	if (tag == torch.tag_list)
		return (struct torch_value){ .payload = &lists[rand() % LISTS], .tag = tag };
	return (struct torch_value){ .payload = (void *)payload, .tag = tag };
}

static void
make_lists(void)
{
	for (int i = 0; i < LISTS; i++) {
		int count = rand() % 6;
		for (int n = 0; n < count; n++) {
			items[i][n] = i % 2 ? (struct torch_value){ .payload = (void *)(uintptr_t)few(DIMS(2, 3), 2), .tag = torch.tag_int } : value(1);
		}
		lists[i].begin = items[i];
		lists[i].end = items[i] + count;
	}
}

static void
learn(void)
{
	learn_fakes();
	tensor_layout.special = tensor_layout.sparse | tensor_layout.python | tensor_layout.batched | tensor_layout.nested;
	CU_ASSERT_FATAL(tensor_layout_is_usual(&tensor_layout));
	tensor_layout.quick = true;
	torch = (struct torch){ .tag_tensor = 1, .tag_double = 3, .tag_int = 5, .tag_bool = 8, .tag_string = 10, .tag_list = 12,
				.tag_device = 16, .list_values = offsetof(__typeof__(lists[0]), begin) };
}

static bool
are_equal(const struct values *a, const struct values *b)
{
	return a->word_count == b->word_count && a->value_count == b->value_count && a->tensor_count == b->tensor_count && a->cut == b->cut
	       && !memcmp(a->words, b->words, a->word_count * 8ull) && !memcmp(a->tensors, b->tensors, a->tensor_count * sizeof a->tensors[0])
	       && !memcmp(a->forms, b->forms, a->tensor_count * 8ull);
}

/* Equal keys for equal words, other keys for others; and what the short ways read is what the long one does. */
static void
a_key_is_its_words(void)
{
	static struct values words[CASES], quick, slow;
	static uint64_t keys[CASES];
	int wrong = 0, short_ways = 0, alike = 0;

	srand(3);
	learn();
	make_tensors();
	make_lists();
	CU_ASSERT_FATAL(fixture_open(4 << 20));
	for (int i = 0; i < CASES; i++) {
		struct torch_value list[MOST];
		size_t count = (size_t)(rand() % MOST);
		uint64_t numbers = (uint64_t)rand() & 5;
		for (size_t n = 0; n < count; n++)
			list[n] = value(0);
		keys[i] = values_key(&quick, list, count, numbers, 1024, 7);
		short_ways += !quick.encoded;
		values_encode(&words[i], list, count, numbers, 1024);
		wrong += quick.tensor_count != words[i].tensor_count || quick.value_count != words[i].value_count
			 || memcmp(quick.forms, words[i].forms, quick.tensor_count * 8ull);
		wrong += quick.encoded && !are_equal(&quick, &words[i]);
		tensor_layout.quick = false;
		values_encode(&slow, list, count, numbers, 1024);
		tensor_layout.quick = true;
		wrong += !are_equal(&slow, &words[i]);
		for (int before = 0; before < i; before++) {
			bool same = words[before].word_count == words[i].word_count && words[before].value_count == words[i].value_count
				    && !memcmp(words[before].words, words[i].words, words[i].word_count * 8ull);
			wrong += same != (keys[before] == keys[i]);
			alike += same;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(short_ways > CASES / 4 && short_ways < CASES);
	CU_ASSERT(alike > 100);
	fixture_remove();
}

/* A SymInt among the numbers of a list is an address: only the numbers' own payloads are kept. */
static void
a_list_keeps_its_numbers_alone(void)
{
	const uint64_t expected[] = { BOX_VALUE_LIST | 3ull << 32, BOX_VALUE_INT, 2, BOX_VALUE_OTHER | 27 << 8, BOX_VALUE_INT, 8 };
	static struct values values;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	learn();
	struct torch_value sizes[] = { { .payload = (void *)2, .tag = torch.tag_int }, { .payload = &values, .tag = 27 }, { .payload = (void *)8, .tag = torch.tag_int } };
	struct { uint64_t head[2]; const struct torch_value *begin, *end; } list = { .begin = sizes, .end = sizes + 3 };
	values_encode(&values, &(struct torch_value){ .payload = &list, .tag = torch.tag_list }, 1, 0, 1024);
	CU_ASSERT_EQUAL(values.word_count, 6);
	CU_ASSERT(memcmp(values.words, expected, sizeof expected) == 0);
	fixture_remove();
}

static int
by_key(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one < other ? -1 : one > other;
}

/* An operation's number and a tensor's form are small numbers both: no two operations may have one key for two forms. */
static void
operations_have_keys_apart(void)
{
	enum { OPERATIONS = 700, DTYPES = 16, DEVICES = 2 };
	static uint64_t keys[OPERATIONS * 2 * DTYPES * DEVICES];
	static const struct fake_storage storage = { .bytes = 64 };
	static struct values quick;
	int count = 0, equal = 0;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	learn();
	for (uint64_t seed = 0; seed < OPERATIONS * 2; seed++)
		for (int dtype = 0; dtype < DTYPES; dtype++)
			for (int device = 0; device < DEVICES; device++) {
				struct fake_tensor one = tensor(&storage, dtype, 1, DIMS(4), DIMS(1), 0);
				one.device_type = (int8_t)device;
				one.device_index = (int8_t)(device - 1);
				struct torch_value list[] = { { .payload = &one, .tag = torch.tag_tensor } };
				keys[count] = values_key(&quick, list, 1, 0, 1024, seed >> 1 << 8 | (seed & 1));
				CU_ASSERT_EQUAL(keys[count], values_key_of(&quick, list, 1024, seed >> 1 << 8 | (seed & 1)));
				count++;
			}
	qsort(keys, (size_t)count, sizeof keys[0], by_key);
	for (int i = 1; i < count; i++)
		equal += keys[i] == keys[i - 1];
	CU_ASSERT_EQUAL(equal, 0);
	fixture_remove();
}

int
main(void)
{
	if (CU_initialize_registry())
		return CU_get_error();
	CU_pSuite suite = CU_add_suite("values", NULL, NULL);
	CU_add_test(suite, "a key is its words", a_key_is_its_words);
	CU_add_test(suite, "operations have keys apart", operations_have_keys_apart);
	CU_add_test(suite, "a list keeps its numbers alone", a_list_keeps_its_numbers_alone);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
