#pragma once
#include <cstdint>

namespace shrinkage {

/// BLAS and LAPACK as a table of function pointers (Fortran calling convention, LP64).
/// The bindings fill it from SciPy, the core's own tests with plain loops.
struct Blas {
    using Int = int;
    void (*dgemm)(const char* trans_a, const char* trans_b, const Int* m, const Int* n,
                  const Int* k, const double* alpha, const double* a, const Int* lda,
                  const double* b, const Int* ldb, const double* beta, double* c, const Int* ldc);
    void (*dsyrk)(const char* uplo, const char* trans, const Int* n, const Int* k,
                  const double* alpha, const double* a, const Int* lda, const double* beta,
                  double* c, const Int* ldc);
    void (*dtrsv)(const char* uplo, const char* trans, const char* diag, const Int* n,
                  const double* a, const Int* lda, double* x, const Int* step);
    void (*dtrsm)(const char* side, const char* uplo, const char* trans, const char* diag,
                  const Int* m, const Int* n, const double* alpha, const double* a, const Int* lda,
                  double* b, const Int* ldb);
    void (*dpotrf)(const char* uplo, const Int* n, double* a, const Int* lda, Int* info);
    void (*dpotri)(const char* uplo, const Int* n, double* a, const Int* lda, Int* info);
    void (*dpotrs)(const char* uplo, const Int* n, const Int* n_rhs, const double* a,
                   const Int* lda, double* b, const Int* ldb, Int* info);
    void (*dsyevd)(const char* job, const char* uplo, const Int* n, double* a, const Int* lda,
                   double* w, double* work, const Int* lwork, Int* iwork, const Int* liwork,
                   Int* info);

    /// c = alpha op(a) op(b) + beta c, all column-major.
    void gemm(char trans_a, char trans_b, Int m, Int n, Int k, double alpha, const double* a,
              Int lda, const double* b, Int ldb, double beta, double* c, Int ldc) const {
        dgemm(&trans_a, &trans_b, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc);
    }
    /// One triangle of c = alpha a a' + beta c ('N') or alpha a' a + beta c ('T').
    void syrk(char uplo, char trans, Int n, Int k, double alpha, const double* a, Int lda,
              double beta, double* c, Int ldc) const {
        dsyrk(&uplo, &trans, &n, &k, &alpha, a, &lda, &beta, c, &ldc);
    }
    /// x = op(a)^-1 x for a triangle a.
    void trsv(char uplo, char trans, Int n, const double* a, Int lda, double* x) const {
        const char diagonal = 'N';
        const Int step = 1;
        dtrsv(&uplo, &trans, &diagonal, &n, a, &lda, x, &step);
    }
    /// b = op(a)^-1 b for a triangle a of order m and n columns b.
    void trsm(char uplo, char trans, Int m, Int n, const double* a, Int lda, double* b,
              Int ldb) const {
        const char side = 'L', diagonal = 'N';
        const double alpha = 1.0;
        dtrsm(&side, &uplo, &trans, &diagonal, &m, &n, &alpha, a, &lda, b, &ldb);
    }
    /// Cholesky factor in place. @return 0, or the order of the first minor that is not positive.
    Int potrf(char uplo, Int n, double* a, Int lda) const {
        Int info = 0;
        dpotrf(&uplo, &n, a, &lda, &info);
        return info;
    }
    /// Inverse from the Cholesky factor, one triangle, in place.
    Int potri(char uplo, Int n, double* a, Int lda) const {
        Int info = 0;
        dpotri(&uplo, &n, a, &lda, &info);
        return info;
    }
    /// Solve with the Cholesky factor, in place.
    void potrs(char uplo, Int n, Int n_rhs, const double* a, Int lda, double* b, Int ldb) const {
        Int info = 0;
        dpotrs(&uplo, &n, &n_rhs, a, &lda, b, &ldb, &info);
    }
};

}  // namespace shrinkage
