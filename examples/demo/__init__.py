"""The demo: a real application on two throwaway servers, deployed under steady traffic."""
