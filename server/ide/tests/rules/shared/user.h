#define NULL ((void *)0)
typedef _Bool bool;
typedef unsigned long size_t;
typedef unsigned int __u32;
typedef unsigned long long __u64;
extern int errno;
struct pair { int a, b; char name[8]; };
struct FILE;
extern struct FILE *stdout;
int fprintf(struct FILE *f, const char *fmt, ...);
void *memcpy(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
char *strncpy(char *d, const char *s, size_t n);
int snprintf(char *d, size_t n, const char *fmt, ...);
void exit(int);
void test__fail(void);
long libbpf_get_error(const void *ptr);

#define CHECK(condition, tag, format...) ({				\
	int __ret = !!(condition);					\
	int __save_errno = errno;					\
	if (__ret) {							\
		test__fail();						\
		fprintf(stdout, "%s:FAIL:%s ", __func__, tag);		\
		fprintf(stdout, ##format);				\
	} else {							\
		fprintf(stdout, "%s:PASS:%s\n", __func__, tag);		\
	}								\
	errno = __save_errno;						\
	__ret;								\
})
#define ASSERT_OK(res, name) ({						\
	long long ___res = (res);					\
	bool ___ok = ___res == 0;					\
	CHECK(!___ok, (name), "unexpected error: %lld\n", ___res);	\
	___ok;								\
})
#define ASSERT_OK_PTR(ptr, name) ({					\
	const void *___res = (ptr);					\
	int ___err = libbpf_get_error(___res);				\
	bool ___ok = ___err == 0;					\
	CHECK(!___ok, (name), "unexpected error: %d\n", ___err);	\
	___ok;								\
})
#define ASSERT_EQ(actual, expected, name) ({				\
	typeof(actual) ___act = (actual);				\
	typeof(expected) ___exp = (expected);				\
	bool ___ok = ___act == ___exp;					\
	CHECK(!___ok, (name), "%lld\n", (long long)(___act));		\
	___ok;								\
})
